"""The bench of the verdict: every setting is judged or taken as it was kept, then scored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

import monge
from monge.cache import Cache
from monge.errors import Cancelled, DataError, MongeError
from monge.experiments.environment import describe_environment
from monge.experiments.evaluate import accuracy
from monge.experiments.verdict.case import Case, Domains
from monge.experiments.verdict.judging import (
    Decide,
    Given,
    Trials,
    Tried,
    decide,
    rule_in_words,
    try_candidates,
)
from monge.experiments.verdict.options import VerdictOptions
from monge.experiments.verdict.scores import score_lines
from monge.experiments.verdict.table import markdown
from monge.experiments.version import source_hash
from monge.files import require_writable, write_bytes, write_text
from monge.progress import Progress, Report, silent
from monge.report import picture_of_verdicts
from monge.results import Judged, ShiftResult, VerdictResult
from monge.results import Tried as TriedResult

__all__ = ["Where", "bench_verdict"]

CELL = 1
"""Number of what is kept of a setting."""

_APART = (
    *("cli", "data", "experiments", "report", "results", "workflows"),
    *(f"adapters/{name}.py" for name in ("auto", "choosing", "concluding", "judging")),
    *(
        f"verdict/{name}.py"
        for name in ("estimate", "learned", "network", "rule", "screen", "shift", "verdict")
    ),
)
"""Rooms and files that no trial passes through: its rows are known by their hash, and it is decided
anew each time."""


@cache
def _trial_version() -> str:
    return source_hash(Path(monge.__file__).parent, _APART)


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where a bench reads and writes.

    Parameters
    ----------
    out
        Folder of what is written; made if it is missing.
    data_dir
        Where the raw files lie; ``None``: the folder of the environment variable ``MONGE_DATA``.
    scores
        File for the table of every score of every candidate, as JSON lines; ``None`` writes none.

    Examples
    --------
    >>> Where(out=Path("judged")).scores is None
    True
    """

    out: Path = Path("runs/bench-verdict")
    data_dir: Path | None = None
    scores: Path | None = None


def bench_verdict(
    options: VerdictOptions | None = None,
    *,
    where: Where | None = None,
    rule: Decide | None = None,
    report: Report = silent,
) -> VerdictResult:
    """Judge shifts, and write ``verdict.json``, ``verdict.md`` and ``verdict.png``.

    Each setting (shift, classifier, seed) is kept in ``out/cache`` under a key of its rows and of
    the code that tried the candidates: an interrupted bench goes on where it was. It is decided
    anew each time. Target labels are read to score predictions, by `monge.experiments.evaluate`,
    and nowhere else.

    Parameters
    ----------
    options
        Which shifts, classifiers and seeds; all of the suite by default.
    where
        What is read and written. A shift whose data is absent is skipped, with the reason.
    rule
        Decides, given the scores of the candidates and the family of the shift; ``None``: the
        rule of the library.
    report
        Told the settings done and in all.

    Raises
    ------
    OutputError
        If the folder cannot be written, before any work starts; or if matplotlib is missing, once
        the table is written.

    Examples
    --------
    >>> options = VerdictOptions(shifts=("iris-worn-sensors",), classifiers=("nearest",))
    >>> result = bench_verdict(options)  # doctest: +SKIP
    >>> result.judged[0].decision  # doctest: +SKIP
    'adapt'
    """
    options = VerdictOptions() if options is None else options
    where = Where() if where is None else where
    for name in ("verdict.json", "cache/verdicts"):
        require_writable(where.out / name)
    if where.scores is not None:
        require_writable(where.scores)
    result = _Bench(options, where, rule or decide, report).run()
    if where.scores is not None:
        write_text(where.scores, score_lines(result))
    write_text(where.out / "verdict.json", json.dumps(result.to_json(), indent=2) + "\n")
    write_text(where.out / "verdict.md", markdown(result))
    if result.judged:
        write_bytes(where.out / "verdict.png", picture_of_verdicts(result))
    return result


class _Bench:
    """One bench on its way: what was chosen, and how many settings are done."""

    def __init__(self, options: VerdictOptions, where: Where, rule: Decide, report: Report) -> None:
        self.options, self.where, self.rule, self.report = options, where, rule, report
        self.cache = Cache(where.out / "cache")
        self.cases = options.chosen()
        self.total = sum(self._size(case) for case in self.cases)
        self.done = self.reused = 0
        self.shifts: dict[str, ShiftResult] = {}
        self.judged: list[Judged] = []
        self.refused: dict[str, str] = {}

    def _size(self, case: Case) -> int:
        return len(self.options.classifiers) * len(self.options.seeds_of(case))

    def run(self) -> VerdictResult:
        """Judge every shift, and skip those whose data is absent."""
        skipped: dict[str, str] = {}
        for case in self.cases:
            before = self.done
            try:
                self._case(case)
            except DataError as error:
                skipped[case.name] = str(error)
            self.done = before + self._size(case)
        self._say(f"{self.reused} of {self.total} reused" if self.reused else "")
        return VerdictResult(
            shifts=self.shifts,
            judged=tuple(self.judged),
            skipped=skipped,
            refused=self.refused,
            rule=rule_in_words(self.rule),
            command=self.options.command(),
            environment=describe_environment() | {"code": _trial_version()},
        )

    def _say(self, detail: str) -> None:
        self.report(Progress(task="Verdicts", done=self.done, total=self.total, detail=detail))

    def _case(self, case: Case) -> None:
        for seed in self.options.seeds_of(case):
            drawn = case.make(seed, self.where.data_dir)
            self.shifts.setdefault(case.name, _described(case, drawn))
            for classifier in self.options.classifiers:
                setting = f"{case.name}, {classifier}, seed {seed}"
                self._say(setting)
                try:
                    self.judged.append(self.run_case(case, drawn, seed, classifier))
                except Cancelled:
                    raise
                except MongeError as error:
                    self.refused[setting] = f"{type(error).__name__}: {error}"
                self.done += 1

    def run_case(self, case: Case, drawn: Domains, seed: int, classifier: str) -> Judged:
        """Judge one setting, and score it: here, and only here, target labels are read."""
        given = Given(
            source=drawn.source.x.numpy(),
            labels=drawn.source.labels.numpy(),
            target=drawn.target.without_labels().x.numpy(),
            views=drawn.views,
            classifier=classifier,
            seed=seed,
        )
        trials = self._trials(case, given)
        scores = {n: each.scores for n, each in trials.tried.items() if each.predicted is not None}
        opinion = self.rule(scores, case.family)
        truth = drawn.target.labels
        return Judged(
            shift=case.name,
            seed=seed,
            classifier=classifier,
            tried={
                name: TriedResult(
                    accuracy=None
                    if each.predicted is None
                    else accuracy(torch.as_tensor(each.predicted), truth),
                    seconds=each.seconds,
                    judging=each.judging,
                    reason=each.reason,
                    scores=each.scores,
                )
                for name, each in trials.tried.items()
            },
            decision=opinion.decision,
            choice=opinion.choice,
            source_only=opinion.source_only,
            chosen=opinion.chosen,
            seconds=trials.seconds,
            warnings=opinion.warnings,
        )

    def _trials(self, case: Case, given: Given) -> Trials:
        """Return what the candidates of a setting came to, kept or tried."""
        who: dict[str, Any] = {
            "case": case.name,
            "classifier": given.classifier,
            "seed": given.seed,
            "cell": CELL,
        }
        key = self.cache.key(who | {"inputs": given.fingerprint(), "code": _trial_version()})
        kept = self.cache.get("verdicts", key)
        if kept is not None:
            self.reused += 1
            return _restored(*kept)
        trials = try_candidates(given)
        arrays = {
            name: each.predicted
            for name, each in trials.tried.items()
            if each.predicted is not None
        }
        told = {
            name: {
                "seconds": each.seconds,
                "judging": each.judging,
                "reason": each.reason,
                "scores": each.scores,
            }
            for name, each in trials.tried.items()
        }
        self.cache.put("verdicts", key, arrays, who | {"seconds": trials.seconds, "tried": told})
        return trials


def _restored(arrays: dict[str, torch.Tensor], told: dict[str, Any]) -> Trials:
    """Return trials as they were kept."""
    return Trials(
        tried={
            name: Tried(predicted=arrays[name].numpy() if name in arrays else None, **each)
            for name, each in told["tried"].items()
        },
        seconds=told["seconds"],
    )


def _described(case: Case, drawn: Domains) -> ShiftResult:
    return ShiftResult(
        family=case.family,
        kind=case.kind,
        about=case.about,
        n=len(drawn.source),
        m=len(drawn.target),
        d=drawn.source.x.shape[1],
        classes=len(np.unique(drawn.source.labels.numpy())),
        hidden=case.hidden,
    )
