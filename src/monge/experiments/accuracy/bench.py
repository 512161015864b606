"""The bench itself: every cell is run or taken as it was kept, and scored into one table."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from monge._types import Tensor
from monge.errors import Cancelled, DataError, MongeError
from monge.experiments.accuracy.frozen import DEFAULT, NETWORKS
from monge.experiments.accuracy.merging import merged
from monge.experiments.accuracy.methods import METHODS, REFERENCES, Method
from monge.experiments.accuracy.options import AccuracyOptions
from monge.experiments.accuracy.pairs import Pair, Place
from monge.experiments.accuracy.table import markdown
from monge.experiments.accuracy.task import Task
from monge.experiments.environment import describe_environment
from monge.experiments.evaluate import accuracy
from monge.experiments.version import code_version
from monge.files import require_writable, write_bytes, write_text
from monge.progress import Progress, Report, silent
from monge.report import picture_of_accuracies
from monge.results import AccuracyResult, MethodResult, PairResult, Spread
from monge.store import Cache

__all__ = ["bench_accuracy"]


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """One method on one pair and seed: predicted classes (m,), or the reason why there are none."""

    predicted: Tensor
    seconds: float
    refused: str
    warnings: tuple[str, ...]


def bench_accuracy(
    options: AccuracyOptions | None = None,
    *,
    out: Path = Path("runs/bench-accuracy"),
    data_dir: Path | None = None,
    report: Report = silent,
) -> AccuracyResult:
    """Run methods on pairs and write ``result.json``, ``table.md`` and ``accuracy.png``.

    Each cell (pair, method, seed) is kept in ``out/cache`` under a key of the features, the options
    and the code that made it: an interrupted bench goes on where it was, and a method that was
    changed is run again. Target labels are read to score predictions, by
    `monge.experiments.evaluate`, and nowhere else. Other pairs in a ``result.json`` that the same
    code has written there stay in it; those of other code are left out, and a warning names them.

    Parameters
    ----------
    options
        Which methods, pairs and seeds; all methods and pairs by default.
    out
        Folder of what is written; made if it is missing.
    data_dir
        Where the raw files lie; ``None`` fetches what can be fetched. A pair whose data is absent
        is skipped, with the reason.
    report
        Told the cells done and in all.

    Raises
    ------
    OutputError
        If the folder cannot be written, before any work starts; or if matplotlib is missing, once
        the table is written.

    Examples
    --------
    >>> import tempfile
    >>> options = AccuracyOptions(pairs=("blobs-scaling",), methods=("linear",), seeds=(0,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = bench_accuracy(options, out=Path(folder))
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['accuracy.png', 'cache', 'result.json', 'table.md']
    >>> result.gain("blobs-scaling", "linear") > 0.05
    True
    """
    options = AccuracyOptions() if options is None else options
    out = Path(out)
    for name in ("result.json", "cache/cells"):
        require_writable(out / name)
    place = Place(data_dir=data_dir, cache=Cache(out / "cache"), report=report)
    result = merged(_Bench(options, place).run(), out / "result.json", options.seeds)
    write_text(out / "result.json", json.dumps(result.to_json(), indent=2) + "\n")
    write_text(out / "table.md", markdown(result))
    if result.pairs:
        write_bytes(out / "accuracy.png", picture_of_accuracies(result))
    return result


class _Bench:
    """One bench on its way: what was chosen, and how many cells are done."""

    def __init__(self, options: AccuracyOptions, place: Place) -> None:
        self.options, self.place = options, place
        self.pairs, self.methods = options.chosen_pairs(), options.chosen_methods()
        self.total = sum(self._size(pair) for pair in self.pairs)
        self.done = self.reused = 0

    def _size(self, pair: Pair) -> int:
        return len(self.methods) * len(self.options.seeds_of(pair))

    def run(self) -> AccuracyResult:
        """Run every pair, and skip those whose data is absent."""
        finished, skipped = {}, {}
        for pair in self.pairs:
            before = self.done
            try:
                finished[pair.name] = self._pair(pair)
            except DataError as error:
                skipped[pair.name] = str(error)
            self.done = before + self._size(pair)
        self._say(f"{self.reused} of {self.total} reused" if self.reused else "")
        frozen = {
            name: {"options": method.options, "rule": method.rule}
            for name, method in self.methods.items()
        }
        networks = {
            f"network of {name}": {"options": repr(kept.options), "rule": kept.rule}
            for name, kept in NETWORKS.items()
            if name in finished
        }
        return AccuracyResult(
            pairs=finished,
            skipped=skipped,
            references=REFERENCES,
            default=DEFAULT,
            frozen=frozen | networks,
            command=self.options.command(),
            environment=describe_environment() | {"code": code_version()},
        )

    def _say(self, detail: str) -> None:
        self.place.report(
            Progress(task="Accuracy", done=self.done, total=self.total, detail=detail)
        )

    def _pair(self, pair: Pair) -> PairResult:
        """Run every seed of a pair, and score it: here, and only here, target labels are read."""
        scores: dict[str, list[tuple[float, float]]] = {}
        refused: dict[str, str] = {}
        warned: dict[str, tuple[str, ...]] = {}
        sizes: list[tuple[int, int]] = []
        for seed in self.options.seeds_of(pair):
            loaded = pair.load(seed, self.place)
            sizes.append((len(loaded.task.source), len(loaded.task.target)))
            for name, cell in self._cells(pair, loaded.task):
                warned[name] = tuple(dict.fromkeys((*warned.get(name, ()), *cell.warnings)))
                if cell.refused:
                    refused.setdefault(name, cell.refused)
                else:
                    right = accuracy(cell.predicted, loaded.truth)
                    scores.setdefault(name, []).append((right, cell.seconds))
        return PairResult(
            group=pair.group,
            source_name=pair.source_name,
            target_name=pair.target_name,
            protocol=pair.protocol,
            source_n=sizes[0][0],
            target_n=sizes[0][1],
            seeds=self.options.seeds_of(pair),
            methods={
                name: MethodResult(
                    title=METHODS[name].title,
                    accuracy=Spread(values=tuple(right for right, _ in values)),
                    seconds=tuple(seconds for _, seconds in values),
                )
                for name, values in scores.items()
                if name not in refused  # a mean over some of the seeds would flatter
            },
            refused=refused,
            warnings={name: texts for name, texts in warned.items() if texts},
        )

    def _cells(self, pair: Pair, task: Task) -> Iterator[tuple[str, _Cell]]:
        """Yield what every method predicts, kept or run, as far as it has anything to do."""
        inputs = task.fingerprint()
        for name, method in self.methods.items():
            self._say(f"{pair.name}, seed {task.seed}: {method.title}")
            if method.applies(task):
                yield name, self._cell(pair, name, task, inputs)
            self.done += 1

    def _cell(self, pair: Pair, name: str, task: Task, inputs: str) -> _Cell:
        cache, method = self.place.cache, self.methods[name]
        who: dict[str, Any] = {"pair": pair.name, "method": name, "seed": task.seed}
        made = {"inputs": inputs, "options": method.options, "code": code_version()}
        key = cache.key(who | made)
        kept = cache.get("cells", key)
        if kept is not None:
            self.reused += 1
            arrays, told = kept
            return _Cell(
                predicted=arrays["predicted"],
                seconds=told["seconds"],
                refused=told["refused"],
                warnings=tuple(told["warnings"]),
            )
        cell = _run(method, task)
        told = {"seconds": cell.seconds, "refused": cell.refused, "warnings": list(cell.warnings)}
        cache.put("cells", key, {"predicted": cell.predicted}, who | told)
        return cell


def _run(method: Method, task: Task) -> _Cell:
    """Predict with a method; one that refuses the task, with a reason, is no reason to stop."""
    refused, predicted = "", np.empty(0, dtype=np.int64)
    began = perf_counter()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            predicted = np.asarray(method.predict(task), dtype=np.int64)
        except Cancelled:
            raise
        except MongeError as error:
            refused = f"{type(error).__name__}: {error}"
    return _Cell(
        predicted=torch.from_numpy(predicted),
        seconds=perf_counter() - began,
        refused=refused,
        warnings=tuple(dict.fromkeys(str(warning.message) for warning in warned)),
    )
