"""The package as a whole: its public names, its manners when imported, its sources."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import monge

ROOMS = Path(__file__).parents[1] / "src" / "monge"
SOURCES = sorted(ROOMS.rglob("*.py"))
LIBRARY = [path for path in SOURCES if path.relative_to(ROOMS).parts[0] != "cli"]

# The libraries that monge builds on do change some of this when they are imported, so they come
# first; what changes after that is monge's doing.
IMPORT_AND_COMPARE = """
import locale, logging, os, random, signal, sys, warnings
import numpy, ot, safetensors.torch, scipy.linalg, scipy.optimize, scipy.sparse
import sklearn.base, sklearn.datasets, sklearn.neighbors, sklearn.utils.validation, torch
import torch.nn.functional

def state():
    return {
        "torch threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch grad mode": torch.is_grad_enabled(),
        "torch default dtype": torch.get_default_dtype(),
        "torch default device": torch.get_default_device(),
        "torch generator": torch.get_rng_state().tolist(),
        "torch determinism": torch.are_deterministic_algorithms_enabled(),
        "torch matmul precision": torch.get_float32_matmul_precision(),
        "numpy generator": str(numpy.random.get_state(legacy=False)),
        "numpy error handling": numpy.geterr(),
        "random generator": random.getstate(),
        "sklearn config": sklearn.get_config(),
        "warning filters": list(warnings.filters),
        "root logger": (list(logging.root.handlers), logging.root.level),
        "environment": dict(os.environ),
        "signal handlers": [signal.getsignal(n) for n in sorted(signal.valid_signals())],
        "locale": locale.setlocale(locale.LC_ALL),
        "exception hook": sys.excepthook,
        "import path": list(sys.path),
    }

before = state()
import monge
after = state()
sys.exit(", ".join(name for name in before if before[name] != after[name]) or 0)
"""


def name(path):
    return str(path.relative_to(ROOMS))


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("public", monge.__all__)
def test_public_name_exists_and_is_described(public):
    thing = getattr(monge, public)
    described = inspect.getdoc(thing) or ""
    # a dataclass without a docstring is given its signature for one
    assert described.strip(), f"monge.{public} has no docstring"
    assert not described.startswith(f"{public}("), f"monge.{public} has no docstring of its own"


def test_public_names_are_sorted_and_unique():
    assert monge.__all__ == sorted(set(monge.__all__))


def test_import_changes_nothing_global():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_COMPARE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"importing monge changes: {done.stderr}"
    assert done.stdout == ""


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_module_has_a_docstring(path):
    assert ast.get_docstring(parsed(path)), f"{name(path)} has no docstring"


@pytest.mark.parametrize("path", LIBRARY, ids=name)
def test_library_code_never_prints(path):
    lines = [
        node.lineno
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Name) and node.id == "print"
    ]
    assert lines == []
