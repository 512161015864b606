"""Time and peak memory of one case, each in a process of its own.

A case runs in a fork of a server that has imported the libraries and never computed anything: a
fork of the benchmark itself would inherit the thread pools of PyTorch in a state that may hang, and
memory that earlier cases touched. The child loads the points, runs the same case once on a few rows
so that libraries, thread pools and compilers are in place, and only then reads its resident memory:
that is "the data". What its first full run takes above this, at its highest, is the peak memory
above the data. On Linux the highest mark is first set back (``/proc/self/clear_refs``) and read as
``VmHWM``, the figure that ``ru_maxrss`` is made of; elsewhere, or where that is refused,
``ru_maxrss`` is read before and after, which understates where loading took more.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import warnings
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

FEW_ROWS = 64
FEW_ITERATIONS = 10

_SERVER = multiprocessing.get_context("forkserver")


class CaseError(Exception):
    """A case that gave no result; the text says why."""


def start_server() -> None:
    """Name what the server imports; it starts with the first case.

    The server is an interpreter of its own, which finds modules beside this file by the environment
    alone, and passes silently over those that it does not find.
    """
    beside, known = str(Path(__file__).resolve().parent), os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{beside}{os.pathsep}{known}" if known else beside
    _SERVER.set_forkserver_preload(["cases", "jobs", "picture", "table"])


def run_case(
    name: str,
    arrays: dict[str, np.ndarray],
    options: dict[str, Any],
    *,
    repeats: int = 1,
    timeout: float = 3600,
) -> dict[str, Any]:
    """Run a case of `cases.CASES` in a process of its own.

    Returns
    -------
    dict
        ``seconds`` (all readings), ``peak`` (bytes above the data), ``peak_by`` (how it was read),
        ``values`` (what the case says of its result) and ``arrays`` (what else it gives).

    Raises
    ------
    CaseError
        If the case cannot run here, fails, or does not end in time.
    """
    with tempfile.TemporaryDirectory(prefix="monge-bench-") as text:
        folder = Path(text)
        for key, array in arrays.items():
            np.save(folder / f"in-{key}.npy", array)
        ask = {"name": name, "options": options, "repeats": repeats, "keys": list(arrays)}
        (folder / "ask.json").write_text(json.dumps(ask))
        child = _SERVER.Process(target=answer, args=(folder,), daemon=True)
        child.start()
        child.join(timeout)
        if child.is_alive():
            child.kill()
            child.join()
            raise CaseError(f"stopped after {timeout:.0f} s")
        if not (folder / "answer.json").exists():
            code = child.exitcode or 0
            how = f"killed by signal {-code}" if code < 0 else f"ended with {code}"
            raise CaseError(f"{how}, without an answer")
        result = json.loads((folder / "answer.json").read_text())
        if "error" in result:
            raise CaseError(result["error"])
        result["arrays"] = {key: np.load(folder / f"out-{key}.npy") for key in result["keys"]}
        return result


def _status(field: str) -> int | None:
    """Return a line of this process's status in bytes, on Linux."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith(field)]
    return kilobytes[0] * 1024 if kilobytes else None


def _maxrss() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Peak:
    """The highest resident memory from its making on, above that at its making."""

    def __init__(self) -> None:
        self.by = "VmHWM, set back before the run"
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            self.by = "ru_maxrss before and after"
        self.before = (_status("VmRSS") if self.by.startswith("VmHWM") else None) or _maxrss()

    def read(self) -> int:
        """Bytes above the start."""
        now = (_status("VmHWM") if self.by.startswith("VmHWM") else None) or _maxrss()
        return max(0, now - self.before)


def answer(folder: Path) -> None:
    """Run the case that ``ask.json`` names and write ``answer.json``: the child's whole life."""
    warnings.simplefilter("ignore")
    with (folder / "spoken.txt").open("w") as spoken:
        for descriptor in (1, 2):
            os.dup2(spoken.fileno(), descriptor)
    try:
        result = _measure(folder)
    except Exception as error:  # noqa: BLE001 - one peer that breaks does not end the benchmark
        lines = str(error).splitlines() or [type(error).__name__]
        result = {"error": lines[0][:200]}
    (folder / "answer.json").write_text(json.dumps(result))


def _measure(folder: Path) -> dict[str, Any]:
    from cases import CASES  # noqa: PLC0415 - the benchmark itself does not need them

    ask = json.loads((folder / "ask.json").read_text())
    arrays = {key: np.load(folder / f"in-{key}.npy") for key in ask["keys"]}
    options, build = ask["options"], CASES[ask["name"]]
    few = {key: array[:FEW_ROWS] for key, array in arrays.items()}
    short = {"iterations": FEW_ITERATIONS} if "iterations" in options else {}
    build(few, options | short).work()
    case = build(arrays, options)
    peak, began = Peak(), perf_counter()
    result = case.work()
    seconds = [perf_counter() - began]
    above = peak.read()
    values, kept = case.describe(result)
    del result
    for _ in range(ask["repeats"] - 1):
        began = perf_counter()
        again = case.work()
        seconds.append(perf_counter() - began)
        del again
    for key, array in kept.items():
        np.save(folder / f"out-{key}.npy", array)
    found = {"seconds": seconds, "peak": above, "peak_by": peak.by, "values": values}
    return found | {"keys": list(kept)}
