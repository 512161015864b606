"""The bench itself: every cell is run or taken as it was kept, and scored into one table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from monge._types import Tensor
from monge.cache import Cache
from monge.errors import DataError
from monge.experiments.accuracy.cells import Cell, Cells
from monge.experiments.accuracy.frozen import DEFAULT, DEFAULTS, NETWORKS
from monge.experiments.accuracy.merging import merged
from monge.experiments.accuracy.methods import METHODS, REFERENCES
from monge.experiments.accuracy.official import Looks, earlier_scorings
from monge.experiments.accuracy.options import AccuracyOptions
from monge.experiments.accuracy.pairs import PAIRS, Pair, Place
from monge.experiments.accuracy.table import markdown
from monge.experiments.accuracy.task import Task
from monge.experiments.environment import describe_environment
from monge.experiments.evaluate import accuracy
from monge.experiments.version import code_version
from monge.files import require_writable, write_bytes, write_text
from monge.progress import Progress, Report, silent
from monge.report import picture_of_accuracies
from monge.results import AccuracyResult, MethodResult, OfficialResult, PairResult, Spread

__all__ = ["bench_accuracy"]


def bench_accuracy(
    options: AccuracyOptions | None = None,
    *,
    out: Path = Path("runs/bench-accuracy"),
    data_dir: Path | None = None,
    report: Report = silent,
) -> AccuracyResult:
    """Run methods on pairs and write ``result.json``, ``table.md`` and ``accuracy.png``.

    Those three are of this bench alone; the record and the page of each pair also lie in
    ``out/pairs``, where a bench of other pairs leaves them be.

    Each cell (pair, method, seed) is kept in ``out/cache`` under a key of the features, the options
    and the code that made it: an interrupted bench goes on where it was, and a method that was
    changed is run again. Target labels are read to score predictions, by
    `monge.experiments.evaluate`, and nowhere else. Official test images are asked for by the
    options; every look at them is added to the record of their pair. Other pairs in a
    ``result.json`` that the same code has written there stay in it; those of other code are left
    out, and a warning names them.

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
    DataError
        If a record that counts the looks at official test images cannot be read, before any work
        starts.

    Examples
    --------
    >>> import tempfile
    >>> options = AccuracyOptions(pairs=("blobs-scaling",), methods=("linear",), seeds=(0,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = bench_accuracy(options, out=Path(folder))
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['accuracy.png', 'cache', 'pairs', 'result.json', 'table.md']
    >>> result.gain("blobs-scaling", "linear") > 0.05
    True
    """
    options = AccuracyOptions() if options is None else options
    out = Path(out)
    for name in ("result.json", "pairs/any.json", "cache/cells"):
        require_writable(out / name)
    for pair in options.chosen_pairs():
        if pair.official is not None:
            earlier_scorings(out / "pairs" / f"{pair.name}.json")
    place = Place(data_dir=data_dir, cache=Cache(out / "cache"), report=report)
    result = _Bench(options, place, out / "pairs").run()
    for name in result.pairs:
        page = out / "pairs" / f"{name}.md"
        _write(_of_one(result, name, options), page.with_suffix(".json"), page)
    result = merged(result, out / "result.json", options.seeds)
    _write(result, out / "result.json", out / "table.md")
    if result.pairs:
        write_bytes(out / "accuracy.png", picture_of_accuracies(result))
    return result


def _write(result: AccuracyResult, record: Path, page: Path) -> None:
    write_text(record, json.dumps(result.to_json(), indent=2) + "\n")
    write_text(page, markdown(result))


def _of_one(result: AccuracyResult, name: str, options: AccuracyOptions) -> AccuracyResult:
    """Return what a bench of one pair alone would have found."""
    pair = PAIRS[name]
    official = options.official_test and pair.official is not None
    alone = replace(options, pairs=(name,), official_test=official)
    frozen = {
        key: told
        for key, told in result.frozen.items()
        if key in METHODS or key == network_key(name)
    }
    return replace(
        result,
        pairs={name: result.pairs[name]},
        skipped={},
        frozen=frozen,
        command=alone.command(),
    )


def network_key(pair: str) -> str:
    """Return the name of the network of a pair among the frozen options."""
    return f"network of {pair}"


class _Bench:
    """One bench on its way: what was chosen, and how many cells are done."""

    def __init__(self, options: AccuracyOptions, place: Place, records: Path) -> None:
        self.options, self.place, self.records = options, place, records
        self.pairs, self.methods = options.chosen_pairs(), options.chosen_methods()
        self.total = sum(self._size(pair) for pair in self.pairs)
        self.cells, self.done = Cells(place.cache), 0

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
        reused = self.cells.reused
        self._say(f"{reused} of {self.total} reused" if reused else "")
        frozen = {
            name: {"options": method.options, "rule": method.rule}
            for name, method in self.methods.items()
        }
        networks = {
            network_key(name): {"options": repr(kept.options), "rule": kept.rule}
            for name, kept in NETWORKS.items()
            if name in finished
        }
        return AccuracyResult(
            pairs=finished,
            skipped=skipped,
            references=REFERENCES,
            default=DEFAULT,
            defaults=DEFAULTS,
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
        official: dict[str, list[Tensor]] = {}
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
                if cell.official is not None:
                    official.setdefault(name, []).append(cell.official)
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
            official=self._official(pair, official),
        )

    def _official(self, pair: Pair, predicted: dict[str, list[Tensor]]) -> OfficialResult | None:
        """Score what was said of the official test images, if it was asked."""
        if pair.official is None:
            return None
        looks = Looks(
            test=pair.official,
            place=self.place,
            command=self.options.command(),
            earlier=earlier_scorings(self.records / f"{pair.name}.json"),
        )
        if not self.options.official_test:
            return looks.unscored()
        return looks.score(predicted, self.options.seeds_of(pair))

    def _cells(self, pair: Pair, task: Task) -> Iterator[tuple[str, Cell]]:
        """Yield what every method predicts, kept or run, as far as it has anything to do."""
        inputs, test = task.fingerprint(), None
        if self.options.official_test and pair.official is not None:
            test = partial(pair.official.images, self.place)
        for name, method in self.methods.items():
            self._say(f"{pair.name}, seed {task.seed}: {method.title}")
            if method.applies(task):
                who = {"pair": pair.name, "method": name, "seed": task.seed}
                yield name, self.cells.cell(who, method, task, inputs, test)
            self.done += 1
