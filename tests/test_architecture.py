"""The contracts of the house hold, and each one is seen to catch what it forbids."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ROOT / "src" / "monge"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
BY_ID = {contract["id"]: contract for contract in CONTRACTS["contracts"]}
MATHEMATICS = ("memory", "numerics", "geometry", "plans", "neighbors", "graphs", "solvers", "maps")

# contract: the room that breaks it, and what it imports to do so
PLANTED = {
    "layers": ("neighbors", "monge.maps"),
    "pot": ("solvers.problem", "ot"),
    "pictures": ("adapters", "matplotlib.pyplot"),
    "terminal": ("training", "rich.progress"),
    "safetensors": ("report", "safetensors.torch"),
    "tables": ("data.domains", "pandas"),
    "mlxtend": ("store", "mlxtend.data"),
    "sklearn": ("training", "sklearn.base"),
    "skops": ("store", "skops.io"),
    "pickle": ("adapters", "pickle"),
    "mathematics": ("geometry.dense", "pathlib"),
}


def lint(folder):
    """Run import-linter on the tree in ``folder`` and return its exit code and what it says."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def source_of(package, module):
    path = package.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def modules(*rooms):
    for room in rooms:
        path = ROOMS / room
        yield from path.rglob("*.py") if path.is_dir() else path.parent.glob(f"{room}.py")


def imported_names(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOMS, tmp_path / "src" / "monge", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copy):
    code, said = lint(copy)
    assert code == 0, said


def test_each_contract_catches_a_planted_violation(copy):
    assert set(PLANTED) == set(BY_ID), "every contract needs one violation that it is seen to catch"
    for room, name in PLANTED.values():
        with source_of(copy / "src" / "monge", room).open("a") as file:
            file.write(f"\nimport {name}\n")
    code, said = lint(copy)
    assert code == 1, said
    for key, (room, name) in PLANTED.items():
        seen = name if name.startswith("monge.") else name.split(".")[0]
        assert f"{BY_ID[key]['name']} BROKEN" in said
        assert f"monge.{room} -> {seen} (l." in said


def test_each_library_of_a_home_is_forbidden_elsewhere(copy):
    homes = [key for key in BY_ID if key not in {"layers", "mathematics"}]
    libraries = [name for key in homes for name in BY_ID[key]["forbidden_modules"]]
    with (copy / "src" / "monge" / "nets.py").open("a") as file:
        file.writelines(f"\nimport {name}\n" for name in libraries)
    _, said = lint(copy)
    assert [name for name in libraries if f"monge.nets -> {name} (l." not in said] == []


def test_the_mathematics_names_every_room_of_it():
    named = set(BY_ID["mathematics"]["source_modules"])
    assert named == {f"monge.{room}" for room in MATHEMATICS if any(modules(room))}


def test_the_mathematics_never_opens_or_prints():
    # print, open and input are no imports, so import-linter cannot see them
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id}"
        for path in modules(*MATHEMATICS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"input", "open", "print"}
    ]
    assert found == []


def test_only_adapters_build_on_the_estimator_base():
    # import-linter sees an outside library as one module, so it cannot tell its parts apart
    parts = {
        "data": {name for path in modules("data") for name in imported_names(path)},
        "experiments": {name for path in modules("experiments") for name in imported_names(path)},
    }
    for room, names in parts.items():
        assert not [name for name in names if name.startswith("sklearn.base")], room
    taken = [name for name in parts["data"] if name.split(".")[0] == "sklearn"]
    assert [name for name in taken if not name.startswith("sklearn.datasets.")] == []
