r"""Learn the rule of the verdict, and judge it on families of shifts that it never saw.

    monge bench verdict --data-dir DATA --scores suite.jsonl -o runs/bench-verdict
    python benchmarks/random_verdicts.py random.jsonl
    python benchmarks/learn_verdict.py suite.jsonl random.jsonl --out runs/bench-verdict \
        --data-dir DATA

writes src/monge/verdict/learned.py, and benchmarks/results/verdict.{json,md,png}, where every
verdict is given by a rule that was learned without the family of its shift, on the others of the
suite and on the random shifts to which nothing alike was done. ``--choose`` prints how the settings
of the rule do on kinds of random shifts that it did not see: there they were chosen. Target labels
of these shifts are what it learns from: of a user's target nothing is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from verdict_scores import Table, alike, read, values

from monge.files import write_bytes, write_text
from monge.verdict.linear import Line, Rule

ROOT = Path(__file__).resolve().parent.parent
RIDGE, LOGISTIC, CAUTION = 100.0, 100.0, 0.4
"""Penalties of the regressions and the price of harm: chosen on random shifts, by ``--choose``."""
GRID = (10.0, 30.0, 100.0, 300.0), (100.0, 300.0)
CAUTIONS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
PARTS = 8
"""In which the kinds of random shifts are left out in turn."""
POINT = 0.01


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


def learn(
    table: Table, rows: Any, settings: tuple[float, float, float] = (RIDGE, LOGISTIC, CAUTION)
) -> Rule:
    """Learn from some rows; shifts of which no row shows anything teach nothing."""
    ridge, logistic, caution = settings
    rows = rows & ~table.hidden
    moved = rows & table.adapts
    change = table.own - table.base

    def fit(model: Any, x: Any, truth: Any, some: Any) -> Line:
        return line_of(
            model, x[some], table.base[some], truth[some], table.names, table.weight[some]
        )

    harmed = table.gain < -POINT
    return Rule(
        accuracy=fit(Ridge(ridge), table.own, table.accuracy, rows),
        gain=fit(Ridge(ridge), change, table.gain, moved),
        harm=fit(LogisticRegression(C=1 / logistic, max_iter=1000), change, harmed, moved),
        caution=caution,
        accuracy_spread=(-1.0, 1.0),
        gain_spread=(-1.0, 1.0),
    )


def expected(table: Table, rule: Rule) -> tuple[Any, Any]:
    """Return what a rule takes the source of each line to come to, and each candidate to gain.

    As `decide` has it.
    """
    change = table.own - table.base
    most = 1 - table.own[:, table.names.index("agreement_baseline")]
    gain = np.clip(values(rule.gain, change, table.base, table.names), -most, most)
    said = np.clip(values(rule.accuracy, table.own, table.base, table.names), 0, 1) - gain
    start = np.empty(len(said))
    for setting in set(table.setting):
        rows = table.setting == setting
        start[rows] = np.median(said[rows])
    start = np.clip(start, 0, 1)
    return start, np.minimum(gain, 1 - start)


def gains(table: Table, rule: Rule, rows: Any) -> tuple[Any, Any]:
    """Return what a rule takes each candidate to gain, and that less the price of its risk."""
    gain = expected(table, rule)[1][rows]
    change, base = table.own[rows] - table.base[rows], table.base[rows]
    odds = np.clip(values(rule.harm, change, base, table.names), -50, 50)
    return gain, gain - rule.caution / (1 + np.exp(-odds))


def followed(table: Table, rule: Rule, rows: Any) -> Any:
    """Return the lines (one a setting) that who follows the rule ends with, as `decide` has it."""
    index, (_, worth) = np.flatnonzero(rows), gains(table, rule, rows)
    collapsed = table.own[rows, table.names.index("collapsed")] > 0
    worth = np.where(
        collapsed & table.adapts[rows], -np.inf, np.where(table.adapts[rows], worth, 0)
    )
    best: dict[str, int] = {}
    for at in np.argsort(-worth, kind="stable"):
        best.setdefault(table.setting[index[at]], index[at])
    return np.array(list(best.values()))


def unseen(
    table: Table, rows: Any, parts: dict[str, Any], beside: dict[str, Any] | None = None
) -> dict[str, Rule]:
    """Learn a rule for each part without it; its intervals are made without it too.

    What is told by ``beside`` is left out with a part as well.

    What an interval is given for is what is followed and the source as it is, and by the errors on
    these it is made.
    """
    gone = {name: part | (beside or {}).get(name, False) for name, part in parts.items()}
    rules = {name: learn(table, rows & ~each) for name, each in gone.items()}
    wrong: dict[str, tuple[Any, Any]] = {}
    for name, part in parts.items():
        start, gain = expected(table, rules[name])
        said = start + gain
        shown = np.union1d(followed(table, rules[name], part), np.flatnonzero(part & ~table.adapts))
        moved = part & table.adapts
        wrong[name] = (
            (table.accuracy - said)[shown],
            (table.gain - gain)[moved],
        )
    return {
        name: _spread(rule, (each for other, each in wrong.items() if other != name))
        for name, rule in (rules | {"": learn(table, rows)}).items()
    }


def _spread(rule: Rule, wrong: Iterable[tuple[Any, Any]]) -> Rule:
    """Give a rule its intervals: the quantiles of errors on shifts that were not learned from."""
    accuracy, gain = (
        tuple(map(float, np.quantile(np.concatenate(part), (0.05, 0.95))))
        for part in zip(*wrong, strict=True)
    )
    return replace(rule, accuracy_spread=accuracy, gain_spread=gain)


def kinds(table: Table) -> dict[str, Any]:
    """Return parts of the random shifts, all of a kind and beginning in one of them."""
    names = sorted(set(table.family[table.drawn]))
    order = dict(zip(names, np.random.default_rng(0).permutation(len(names)), strict=True))
    part = np.array([order.get(name, -1) % PARTS for name in table.family])
    return {f"part {k}": table.drawn & (part == k) for k in range(PARTS)}


def choose(table: Table) -> None:
    """Print the harm and the gain kept of each setting, on kinds of random shifts it never saw."""
    parts = kinds(table)
    best = sum(
        max(0.0, table.gain[table.setting == name].max())
        for name in set(table.setting[table.drawn])
    )
    for ridge, logistic in product(*GRID):
        rules = [
            learn(table, table.drawn & ~part, (ridge, logistic, CAUTION)) for part in parts.values()
        ]
        for caution in CAUTIONS:
            chosen = np.concatenate(
                [
                    followed(table, replace(rule, caution=caution), part)
                    for rule, part in zip(rules, parts.values(), strict=True)
                ]
            )
            gain = table.gain[chosen]
            harm, kept = 100 * (gain < -POINT).mean(), 100 * gain.sum() / best
            print(f"{ridge}, {logistic}, {caution}: harmed {harm:.1f} %, gain kept {kept:.1f} %")


def module(rule: Rule, table: Table) -> str:
    """Write the rule as the module that the library ships."""

    def part(line: Line) -> str:
        rows = "".join(
            f'        "{name}": ({", ".join(f"{one[name]:.6g}" for one in line[1:])}),\n'
            for name in table.names
        )
        return f"_line(\n    {line.bias:.8g},\n    {{\n{rows}    }},\n)"

    families = len(set(table.family[~table.drawn]))
    drawn = len(set(table.setting[table.drawn]))
    return f'''"""What was learned on shifts of known truth; by benchmarks/learn_verdict.py.

{len(table.accuracy):,} candidates: on {families} families of the suite, and {drawn} random shifts.
Each score has its weight for the candidate and for the source as it is, and what stands for either
where it does not apply.
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
    parser.add_argument("suite", type=Path)
    parser.add_argument("random", type=Path)
    parser.add_argument("--choose", action="store_true", help="print how settings do, no more")
    parser.add_argument("--out", type=Path, help="of the bench: its trials are taken from there")
    parser.add_argument("--data-dir", type=Path)
    told = parser.parse_args()
    table = read(told.suite, told.random)
    if told.choose:
        choose(table)
        return
    everything = np.ones(len(table.accuracy), dtype=bool)
    families = sorted(set(table.family[~table.drawn]))
    rules = unseen(
        table,
        everything,
        {name: table.family == name for name in families},
        {name: alike(table, name) for name in families},
    )
    write_text(ROOT / "src/monge/verdict/learned.py", module(rules[""], table))
    print(f"accuracy {rules[''].accuracy_spread}, gain {rules[''].gain_spread}")
    if told.out is not None:
        stranger = unseen(table, table.drawn, kinds(table))[""]
        judge(rules, stranger, told.out, told.data_dir)


def judge(rules: dict[str, Rule], stranger: Rule, out: Path, data_dir: Path | None) -> None:
    """Write the report, each verdict by the rule that never saw its family.

    Beside it stand the figures of a rule that knows random shifts alone.
    """
    from monge.experiments import VerdictOptions, Where, bench_verdict  # noqa: PLC0415
    from monge.experiments.verdict.judging import Opinion, by_rule  # noqa: PLC0415
    from monge.experiments.verdict.table import FIGURES, figure_rows  # noqa: PLC0415

    def decide_stranger(scores: Any, family: str) -> Opinion:
        """By a rule that was learned on random shifts alone."""
        del family
        return by_rule(scores, stranger)

    def decide_unseen(scores: Any, family: str) -> Opinion:
        """By the rule of the library, learned anew without the family of the shift.

        It learns from the other families of the suite, and from the random shifts to which
        nothing was done that this family stands for.
        """
        return by_rule(scores, rules[family])

    where = Where(out=out, data_dir=data_dir)
    beside = figure_rows(bench_verdict(VerdictOptions(), where=where, rule=decide_stranger))
    bench_verdict(VerdictOptions(), where=where, rule=decide_unseen)
    for kind in ("json", "md", "png"):
        source = (out / f"verdict.{kind}").read_bytes()
        if kind == "md":
            source = _told(source.decode(), (FIGURES, *beside)).encode()
        write_bytes(ROOT / f"benchmarks/results/verdict.{kind}", source)


def _told(page: str, beside: Sequence[tuple[str, ...]]) -> str:
    """Say how a page was made, and what a rule comes to that saw nothing of the suite."""
    made = "Made by `python benchmarks/learn_verdict.py` from the trials of `monge bench"
    page = page.replace("Made by `monge bench", made, 1)
    head, *rows = beside
    lines = [head, tuple("---" for _ in head), *rows]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    said = (
        "## The same by a rule that saw no row of the suite\n\n"
        "Learned on random shifts alone (`benchmarks/random_verdicts.py`). Its settings were "
        "chosen on kinds of these that it had not seen, among some 150 ways to learn, and the rule "
        "above has the same settings. Of some families it did see the kind. Its intervals are "
        f"those of random shifts: the suite holds harder ones.\n\n{table}\n\n"
    )
    after = "## What other ways would have come to"
    return page.replace(after, said + after, 1)


if __name__ == "__main__":
    main()
