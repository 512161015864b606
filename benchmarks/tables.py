"""Adapters on disk and on long tables: size, time to load, and `monge predict` row by row.

``python benchmarks/tables.py`` writes results/tables.json and results/tables.md; ``--quick`` does
it all on few rows, to see that it works. The points are synthetic: clusters of the shape of LeNet5
features, each class a Gaussian, the target shifted.

*Artifacts.* Each transport is fitted on `--fit-rows` rows of either side and saved: on float32, on
float64 that float32 cannot hold, and, through what `monge fit` does, on CSV of 17 digits. The bytes
are those of the folder, as it is saved by default and with ``precision="exact"``. The time to load
is that of `monge.load`, which compares every hash: the fastest of ten, in a process that has the
libraries loaded. ``changed`` is the largest change of what `transform` gives for 500 new rows, in
units of the range of a column; no prediction of theirs may change. ``--long`` adds the transports
that take minutes; ``--artifacts`` takes these figures alone and keeps the others that are there.

*Predict.* A Parquet file of `--rows` rows goes through `monge predict` with the first adapter, in a
process of its own. ``seconds`` is the command with the libraries loaded, ``process_seconds`` what a
user waits for, and the peak is the highest resident memory of the process above what it held with
the libraries loaded. A second row, on a tenth of the rows, shows what grows with them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from machine import describe_machine

import monge
from monge import Adapter
from monge.data.tables import BATCH_ROWS, frame, open_table, write_table
from monge.errors import MongeError, OutputError
from monge.files import write_text
from monge.workflows import fit_tables

HERE = Path(__file__).resolve().parent
CLASSES = 10
ARTIFACTS = {
    "sinkhorn": {},
    "sinkhorn, entropic map": {"map": "entropic"},
    "sinkhorn, kernel map": {"map": "kernel"},
    "standardise": {},
    "coral": {},
    "linear": {},
    "unbalanced": {},
    "partial": {},
    "class_regularized": {},
    "prototypes": {},
    "graph": {},
    "jdot": {},
    "exact": {},
}
"""Transports that take seconds at this size, with the options beside them."""

LONG = {"laplacian": {}, "ridge": {}, "kernel": {}}
"""Those that take minutes; on float32 and CSV alone."""

KINDS = ("float32", "float64", "CSV")

LOADS = 10

PREDICT = """
import json, sys
from pathlib import Path
from time import perf_counter
sys.path.insert(0, sys.argv[1])
import monge.cli.app, monge.workflows
from isolate import Peak
from monge.cli import main
peak, began = Peak(), perf_counter()
code = main(sys.argv[3:])
found = {"seconds": perf_counter() - began, "peak": peak.read(), "peak_by": peak.by}
Path(sys.argv[2]).write_text(json.dumps(found | {"libraries": peak.before}))
sys.exit(code)
"""


def columns(width: int) -> list[str]:
    """Name the features."""
    return [f"feature{place}" for place in range(width)]


def points(rows: int, width: int, seed: int, *, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows (n, d) float32 of the classes, and their classes (n,)."""
    centres = np.random.default_rng(0).normal(size=(CLASSES, width))
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, CLASSES, rows)
    X = centres[labels] + draw.normal(size=(rows, width)) + shift
    return X.astype(np.float32), labels


def fitted(
    name: str, options: dict[str, Any], kind: str, told: argparse.Namespace, folder: Path
) -> tuple[Adapter, np.ndarray, float]:
    """Fit on one kind of input: the adapter, new rows of that kind, and seconds."""
    names = columns(told.columns)
    X, y = points(told.fit_rows, told.columns, told.seed + 1, shift=0.0)
    X_target, _ = points(told.fit_rows, told.columns, told.seed + 2, shift=1.0)
    new, _ = points(500, told.columns, told.seed + 3, shift=1.0)
    if kind != "float32":  # numbers that float32 does not hold
        X, X_target, new = (rows.astype(np.float64) / 3 for rows in (X, X_target, new))
    adapter = Adapter(name.partition(",")[0], **options)
    if kind != "CSV":
        began = perf_counter()
        adapter.fit(frame(X, names), y, X_target=frame(X_target, names))
        return adapter, new, perf_counter() - began
    source, target = folder / "source.csv", folder / "target.csv"
    for path, more in ((source, {"label": y}), (target, {})):
        rows = X if more else X_target
        with write_table(path) as put:
            put(dict(zip(names, rows.T, strict=True)) | more)
    began = perf_counter()
    tables = open_table(source), open_table(target)
    fit_tables(adapter, *tables, label="label", features=names)
    return adapter, new, perf_counter() - began


def measure_artifact(
    name: str, options: dict[str, Any], kind: str, told: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Fit, save, load: bytes, seconds, and what the loaded one does otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    adapter, new, seconds = fitted(name, options, kind, told, folder)
    adapter.save(folder / "adapter")
    adapter.save(folder / "exact", precision="exact")
    loads = []
    for _ in range(LOADS):
        began = perf_counter()
        again = monge.load(folder / "adapter")
        loads.append(perf_counter() - began)
    rows = frame(new, columns(told.columns))
    if not (again.predict(rows) == adapter.predict(rows)).all():
        raise AssertionError(f"{name}, {kind}: a loaded adapter answers otherwise")
    moved = np.asarray(adapter.transform(rows), dtype=np.float64)
    missed = np.abs(np.asarray(again.transform(rows)) - moved) / np.ptp(moved, axis=0)
    sizes = {
        place: {path.name: path.stat().st_size for path in sorted((folder / place).iterdir())}
        for place in ("adapter", "exact")
    }
    return {
        "bytes": sizes["adapter"],
        "exact_bytes": sizes["exact"],
        "changed": float(missed.max()),
        "fit": {"value": seconds, "unit": "s"},
        "load": {"minimum": min(loads), "all": loads, "unit": "s"},
    }


def write_rows(path: Path, rows: int, told: argparse.Namespace) -> None:
    """Write a long target table, a batch at a time."""
    names = columns(told.columns)
    with write_table(path) as put:
        for start in range(0, rows, BATCH_ROWS):
            count = min(BATCH_ROWS, rows - start)
            X, _ = points(count, told.columns, told.seed + 3 + start, shift=1.0)
            put(dict(zip(names, X.T, strict=True)))


def measure_predict(adapter: Path, rows: int, told: argparse.Namespace) -> dict[str, Any]:
    """Run `monge predict` on a table of so many rows, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=told.scratch, prefix="monge-tables-") as text:
        folder = Path(text)
        table, out, answer = (folder / name for name in ("new.parquet", "out.parquet", "said.json"))
        write_rows(table, rows, told)
        words = ["predict", str(adapter), str(table), "-o", str(out), "--json"]
        command = [sys.executable, "-c", PREDICT, str(HERE), str(answer), *words]
        began = perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        waited = perf_counter() - began
        if done.returncode != 0 or json.loads(done.stdout)["rows"] != rows:
            raise OutputError(f"tables: monge predict failed: {done.stderr.strip()[-200:]}")
        found = json.loads(answer.read_text())
        return {
            "rows": rows,
            "columns": told.columns,
            "table_bytes": table.stat().st_size,
            "written_bytes": out.stat().st_size,
            "seconds": found["seconds"],
            "process_seconds": waited,
            "rows_per_second": rows / found["seconds"],
            "peak_bytes_above_libraries": found["peak"],
            "libraries_bytes": found["libraries"],
            "peak_by": found["peak_by"],
        }


def require_room(told: argparse.Namespace) -> None:
    """Refuse a table that the disk has no room for, before it is written."""
    need = 2 * told.rows * told.columns * 4
    free = shutil.disk_usage(told.scratch).free
    if need > free:
        raise OutputError(
            f"tables: {told.rows:,} rows x {told.columns} need {need / 1e9:,.1f} GB on the disk of "
            f"{told.scratch}, which has {free / 1e9:.1f} GB; name another with --scratch, or pass "
            "fewer --rows or --columns."
        )


def measure(told: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """Take all figures."""
    require_room(told)
    found: dict[str, Any] = {"artifacts": {}, "predict": []}
    if told.artifacts:
        known = json.loads(told.out.read_text())
        found["predict"] = known["predict"]
        found["predict_commit"] = known.get("predict_commit") or known["environment"]["commit"]
    with tempfile.TemporaryDirectory(dir=told.scratch, prefix="monge-adapters-") as text:
        for name, options in (ARTIFACTS | (LONG if told.long else {})).items():
            kinds = ("float32", "CSV") if name in LONG else KINDS
            for kind in kinds:
                folder = Path(text) / f"{name}-{kind}".replace(", ", "-").replace(" ", "-")
                figures = measure_artifact(name, options, kind, told, folder)
                found["artifacts"].setdefault(name, {})[kind] = figures
                say(f"{name}, {kind}: {sum(figures['bytes'].values()):,} bytes")
        if told.artifacts:
            return found
        first = Path(text) / f"{next(iter(ARTIFACTS))}-float32" / "adapter"
        for rows in (told.rows,) if told.quick else (told.rows // 10, told.rows):
            found["predict"].append(measure_predict(first, rows, told))
            say(f"predict {rows:,}: {found['predict'][-1]['seconds']:.1f} s")
    return found


def page(record: dict[str, Any]) -> str:
    """Write the tables as Markdown."""
    machine = record["environment"]
    quick = " Quick: tiny sizes, no figure below means anything." if record["quick"] else ""
    lines = [
        "# Adapters on disk and on long tables",
        "",
        (
            f"Made by `{record['command']}` at commit {(machine['commit'] or '-')[:7]} on "
            f"{machine['processor']}, {machine['threads']} thread"
            f"{'s' if machine['threads'] > 1 else ''}, seed {record['seed']}.{quick}"
        ),
        "",
        (
            f"## Artifacts of {record['fit_rows']:,} + {record['fit_rows']:,} rows x "
            f"{record['columns']}"
        ),
        "",
        (
            "| transport | input | bytes | of which config.json | changed, of the range | "
            "bytes if exact | load, ms | fit, s |"
        ),
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, kinds in record["artifacts"].items():
        for kind, row in kinds.items():
            size, config = sum(row["bytes"].values()), row["bytes"]["config.json"]
            exact = sum(row["exact_bytes"].values())
            load, fit = 1000 * row["load"]["minimum"], row["fit"]["value"]
            lines.append(
                f"| {name} | {kind} | {size:,} | {config:,} | {row['changed']:.0e} | {exact:,} | "
                f"{load:.1f} | {fit:.1f} |"
            )
    lines += [
        "",
        "## `monge predict` on Parquet",
        "",
        *([f"At commit {record['predict_commit'][:7]}.", ""] if "predict_commit" in record else []),
        (
            "| rows | columns | table, MB | seconds | rows/s | with start, s | peak above the "
            "libraries, MiB | libraries, MiB |"
        ),
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in record["predict"]:
        above, held = row["peak_bytes_above_libraries"] / 2**20, row["libraries_bytes"] / 2**20
        lines.append(
            f"| {row['rows']:,} | {row['columns']} | {row['table_bytes'] / 1e6:,.0f} | "
            f"{row['seconds']:.1f} | {row['rows_per_second']:,.0f} | "
            f"{row['process_seconds']:.1f} | {above:,.0f} | {held:,.0f} |"
        )
    return "\n".join(lines)


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Artifacts, and `monge predict` on long tables.")
    parser.add_argument("--rows", type=int, help="of the long table (default: 5,000,000)")
    parser.add_argument("--columns", type=int, help="features (default: 84)")
    parser.add_argument("--fit-rows", type=int, help="of either side (default: 2,560)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few rows: does everything work?")
    parser.add_argument("--long", action="store_true", help="the transports of minutes as well")
    parser.add_argument("--artifacts", action="store_true", help="the artifacts alone")
    parser.add_argument(
        "--scratch",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="folder for the tables, 3.4 GB by default; they are removed",
    )
    parser.add_argument("--out", type=Path, help="the JSON (default: results/tables.json)")
    told = parser.parse_args(arguments)
    usual = (30_000, 12, 200) if told.quick else (5_000_000, 84, 2560)
    for name, value in zip(("rows", "columns", "fit_rows"), usual, strict=True):
        given = getattr(told, name)
        if given is not None and given < CLASSES:
            parser.error(f"--{name.replace('_', '-')} must be at least {CLASSES}")
        setattr(told, name, value if given is None else given)
    if told.out is None:
        told.out = HERE / "results" / ("quick/tables.json" if told.quick else "tables.json")
    return told


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, measure, write."""
    told = options(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    machine = describe_machine()
    found = measure(told, lambda text: print(text, flush=True))
    record = {
        "command": " ".join(["python benchmarks/tables.py", *plain(words)]),
        "environment": machine,
        "seed": told.seed,
        "quick": told.quick,
        "fit_rows": told.fit_rows,
        "columns": told.columns,
        **found,
    }
    write_text(told.out, json.dumps(record, indent=1, allow_nan=False) + "\n")
    write_text(told.out.with_suffix(".md"), page(record) + "\n")
    print(page(record))


def plain(words: list[str]) -> list[str]:
    """Leave out where things lie on this machine."""
    return [word for word in words if os.sep not in word and word not in ("--out", "--scratch")]


if __name__ == "__main__":
    try:
        main()
    except MongeError as error:
        sys.exit(str(error))
