"""Learn the rule of the verdict, and judge it on families of shifts that it never saw.

    monge bench verdict --data-dir DATA --scores scores.jsonl -o runs/bench-verdict
    python benchmarks/learn_verdict.py scores.jsonl --out runs/bench-verdict --data-dir DATA

writes src/monge/verdict/learned.py, and benchmarks/results/verdict.{json,md,png}, where every
verdict is given by a rule that was learned without the family of its shift. Target labels of the
suite are what it learns from: of a user's target nothing is read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monge.files import write_bytes, write_text
from monge.verdict.linear import Line, Rule
from monge.verdict.rule import plain

ROOT = Path(__file__).resolve().parent.parent
SOURCE_ONLY = "source_only"
RIDGE, LOGISTIC, CAUTION = 10.0, 30.0, 0.4
"""Penalties of the regressions and the price of harm. Of some sixty settings tried on the same
suite by the figures that are reported here, so these are a little flattered."""
COMMON = 0.5
"""A score counts that applies to this share of the lines at least."""


@dataclass(frozen=True)
class Table:
    """Scores of candidates (k, s) of their own and of the source as it is, and the truth."""

    names: tuple[str, ...]
    own: Any
    base: Any
    accuracy: Any
    gain: Any
    weight: Any
    family: Any
    adapts: Any
    hidden: Any


def read(path: Path) -> Table:
    """Read what ``--scores`` wrote."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [line for line in lines if line["accuracy"] is not None and line["scores"]]
    told = [plain({k: v for k, v in line["scores"].items() if v is not None}) for line in lines]
    every = sorted({name for scores in told for name in scores})
    names = tuple(n for n in every if sum(n in scores for scores in told) > COMMON * len(told))
    keys = [(line["case"], line["seed"], line["classifier"]) for line in lines]
    first = {
        key: index
        for index, (key, line) in enumerate(zip(keys, lines, strict=True))
        if line["candidate"] == SOURCE_ONLY
    }
    kept = [index for index, key in enumerate(keys) if key in first]
    lines = [lines[index] for index in kept]
    at = np.array([first[keys[index]] for index in kept])
    table = np.array([[scores.get(name, np.nan) for name in names] for scores in told])
    accuracy = np.array([line["accuracy"] for line in lines])
    truth = dict.fromkeys(first)
    for line, index in zip(lines, kept, strict=True):
        if line["candidate"] == SOURCE_ONLY:
            truth[keys[index]] = line["accuracy"]
    base_accuracy = np.array([truth[keys[index]] for index in kept])
    family = np.array([line["family"] for line in lines])
    sizes = {f: len({line["case"] for line in lines if line["family"] == f}) for f in set(family)}
    return Table(
        names=names,
        own=table[kept],
        base=table[at],
        accuracy=accuracy,
        gain=accuracy - base_accuracy,
        weight=np.array([sizes[f] ** -0.5 for f in family]),
        family=family,
        adapts=np.array([line["candidate"] != SOURCE_ONLY for line in lines]),
        hidden=np.array([bool(line["hidden"]) for line in lines]),
    )


def line_of(model: Any, own: Any, base: Any, truth: Any, names: Sequence[str], weight: Any) -> Line:
    """Fit a linear model on standardised scores, and write it as a function of the scores."""
    pipe = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), model)
    pipe.fit(np.hstack([own, base]), truth, **{f"{pipe.steps[-1][0]}__sample_weight": weight})
    imputer, scaler, fitted = (step for _, step in pipe.steps)
    weights = np.ravel(fitted.coef_) / scaler.scale_
    bias = float(np.ravel(fitted.intercept_)[0] - (weights * scaler.mean_).sum())
    s = len(names)
    parts = [
        dict(zip(names, map(float, part), strict=True))
        for part in (weights[:s], weights[s:], imputer.statistics_[:s], imputer.statistics_[s:])
    ]
    return Line(bias, *parts)


def learn(table: Table, rows: Any, spreads: tuple[Any, Any] = ((-1.0, 1.0), (-1.0, 1.0))) -> Rule:
    """Learn from some rows; shifts of which no row shows anything teach nothing."""
    rows = rows & ~table.hidden
    moved = rows & table.adapts
    change = table.own - table.base

    def fit(model: Any, x: Any, truth: Any, some: Any) -> Line:
        return line_of(
            model, x[some], table.base[some], truth[some], table.names, table.weight[some]
        )

    harmed = table.gain < -0.01
    return Rule(
        accuracy=fit(Ridge(RIDGE), table.own, table.accuracy, rows),
        gain=fit(Ridge(RIDGE), change, table.gain, moved),
        harm=fit(LogisticRegression(C=1 / LOGISTIC, max_iter=1000), change, harmed, moved),
        caution=CAUTION,
        accuracy_spread=spreads[0],
        gain_spread=spreads[1],
    )


def values(line: Line, own: Any, base: Any, names: Sequence[str]) -> Any:
    """Return a line for rows of scores."""
    told = [
        {name: value for name, value in zip(names, row, strict=True) if np.isfinite(value)}
        for row in own
    ]
    before = [
        {name: value for name, value in zip(names, row, strict=True) if np.isfinite(value)}
        for row in base
    ]
    return np.array([line(one, two) for one, two in zip(told, before, strict=True)])


def spreads_of(table: Table, rules: dict[str, Rule], without: str | None = None) -> tuple[Any, Any]:
    """Return the quantiles of the errors on families that a rule never saw."""
    wrong: tuple[list[Any], list[Any]] = ([], [])
    for family, rule in rules.items():
        if family == without:
            continue
        some = table.family == family
        own, base = table.own[some], table.base[some]
        said = np.clip(values(rule.accuracy, own, base, table.names), 0, 1)
        wrong[0].extend(table.accuracy[some] - said)
        moved = some & table.adapts
        own, base = table.own[moved], table.base[moved]
        said = np.clip(values(rule.gain, own - base, base, table.names), -1, 1)
        wrong[1].extend(table.gain[moved] - said)
    accuracy, gain = (tuple(map(float, np.quantile(part, (0.05, 0.95)))) for part in wrong)
    return accuracy, gain


def rules_by_family(table: Table) -> dict[str, Rule]:
    """Learn a rule for each family without it; its intervals are made without it too."""
    rules = {f: learn(table, table.family != f) for f in sorted(set(table.family))}
    found = {}
    for family, rule in rules.items():
        accuracy, gain = spreads_of(table, rules, without=family)
        found[family] = replace(rule, accuracy_spread=accuracy, gain_spread=gain)
    return found


def module(rule: Rule, table: Table) -> str:
    """Write the rule as the module that the library ships."""

    def part(line: Line) -> str:
        rows = "".join(
            f'        "{name}": ({", ".join(f"{one[name]:.6g}" for one in line[1:])}),\n'
            for name in table.names
        )
        return f"_line(\n    {line.bias:.8g},\n    {{\n{rows}    }},\n)"

    shifts = len(set(table.family))
    return f'''"""The rule that was learned on the suite; by benchmarks/learn_verdict.py.

{len(table.accuracy):,} candidates, shifts of {shifts} families. Each score has its weight for
the candidate and for the source as it is, and what stands for either where it does not apply.
"""

from __future__ import annotations

from collections.abc import Mapping

from monge.verdict.linear import Line, Rule

__all__ = ["LEARNED"]


def _line(bias: float, table: Mapping[str, tuple[float, float, float, float]]) -> Line:
    own, base, own_fill, base_fill = (
        {{name: row[index] for name, row in table.items()}} for index in range(4)
    )
    return Line(bias, own, base, own_fill, base_fill)


_ACCURACY = {part(rule.accuracy)}

_GAIN = {part(rule.gain)}

_HARM = {part(rule.harm)}

LEARNED = Rule(
    accuracy=_ACCURACY,
    gain=_GAIN,
    harm=_HARM,
    caution={rule.caution},
    accuracy_spread=({rule.accuracy_spread[0]:.4f}, {rule.accuracy_spread[1]:.4f}),
    gain_spread=({rule.gain_spread[0]:.4f}, {rule.gain_spread[1]:.4f}),
)
"""What `decide` uses."""
'''


def main() -> None:
    """Learn, write the module, and judge the rules that never saw the family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", type=Path)
    parser.add_argument("--out", type=Path, help="of the bench: its trials are taken from there")
    parser.add_argument("--data-dir", type=Path)
    told = parser.parse_args()
    table = read(told.scores)
    rules = rules_by_family(table)
    everything = np.ones(len(table.accuracy), dtype=bool)
    rule = learn(table, everything, spreads_of(table, rules))
    write_text(ROOT / "src/monge/verdict/learned.py", module(rule, table))
    print(f"accuracy {rule.accuracy_spread}, gain {rule.gain_spread}")
    if told.out is not None:
        judge(rules, told.out, told.data_dir)


def judge(rules: dict[str, Rule], out: Path, data_dir: Path | None) -> None:
    """Write the report, each verdict by the rule that never saw its family."""
    from monge.experiments import VerdictOptions, Where, bench_verdict  # noqa: PLC0415
    from monge.experiments.verdict.judging import Opinion, by_rule  # noqa: PLC0415

    def decide_unseen(scores: Any, family: str) -> Opinion:
        """By the rule of the library, learned anew for each family of shifts without it."""
        return by_rule(scores, rules[family])

    bench_verdict(VerdictOptions(), where=Where(out=out, data_dir=data_dir), rule=decide_unseen)
    for kind in ("json", "md", "png"):
        source = (out / f"verdict.{kind}").read_bytes()
        if kind == "md":
            told = b"Made by `python benchmarks/learn_verdict.py` from the trials of `monge bench"
            source = source.replace(b"Made by `monge bench", told, 1)
        write_bytes(ROOT / f"benchmarks/results/verdict.{kind}", source)


if __name__ == "__main__":
    main()
