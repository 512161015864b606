r"""Learn the rule of the verdict, and judge it on families of shifts that it never saw.

    monge bench verdict --data-dir DATA --scores suite.jsonl -o runs/bench-verdict
    python benchmarks/random_verdicts.py random.jsonl
    python benchmarks/random_verdicts.py random.jsonl --first 20000 --count 997
    python benchmarks/learn_verdict.py suite.jsonl random.jsonl --out runs/bench-verdict \
        --data-dir DATA

writes src/monge/verdict/learned.npz, and benchmarks/results/verdict.{json,md,png}, where every
verdict is given by a rule that was learned without the family of its shift, on the others of the
suite and on the random shifts to which nothing alike was done. ``--choose`` prints how the settings
of the rule do on kinds of random shifts that it did not see, and how the rule as it is does on
shifts that it did not see of kinds that it did: how much the scores tell at all. Target labels
of these shifts are what it learns from: of a user's target nothing is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import Parallel, delayed
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss
from verdict_scores import Table, alike, read

from monge.files import write_bytes
from monge.verdict.learned import ARCHIVE
from monge.verdict.network import Layer, Rule, standard

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a rule is learned.

    The price of harm was chosen on kinds of random shifts that the rule did not see, by
    ``--choose``; the rest is as it was first tried.

    Attributes
    ----------
    members
        Networks whose mean the rule is.
    width
        Of the two hidden layers.
    dropout, decay, noise
        Against learning by heart: units left out, decay of the weights, deviation of what is added
        to the features.
    rounds
        Through all lines.
    alone
        Share of the lines that are shown as if their candidate were the only one.
    caution
        The price of harm.
    """

    members: int = 3
    width: int = 96
    dropout: float = 0.3
    decay: float = 0.05
    noise: float = 0.05
    rounds: int = 16
    alone: float = 0.2
    caution: float = 0.4


SETTINGS = Settings()
WAYS = (
    SETTINGS,
    replace(SETTINGS, width=48),
    replace(SETTINGS, rounds=32),
    replace(SETTINGS, decay=0.3, dropout=0.4),
)
"""What ``--choose`` compares."""
CAUTIONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
PARTS = 8
"""In which the kinds of random shifts are left out in turn."""
POINT = 0.01

_BATCH, _RATE = 256, 3e-3
_UNIT = 5.0
"""Gains and accuracies are learned in fifths, about their deviation."""
_USUAL = 0.7
"""About the mean accuracy: what is learned is the difference."""
_EDGE = 0.002
"""Share of a feature at either end that is cut off before it is standardised."""


@dataclass(frozen=True)
class Standard:
    """What stands for a missing feature, and what features are standardised by, (4s,)."""

    fill: Any
    centre: Any
    scale: Any

    @classmethod
    def of(cls, rows: Any) -> Standard:
        """Take medians, means and deviations; a feature that never changes is left at zero."""
        known = np.isfinite(rows)
        fill = np.array(
            [
                np.median(column[there]) if there.any() else 0.0
                for column, there in zip(rows.T, known.T, strict=True)
            ]
        )
        filled = np.where(known, rows, fill)
        filled = np.clip(filled, *np.quantile(filled, (_EDGE, 1 - _EDGE), axis=0))
        deviation = filled.std(0)
        return cls(fill, filled.mean(0), np.where(deviation > 1e-6, deviation, 1e6))

    def __call__(self, rows: Any) -> Any:
        """Return the features as a tensor, cut off where the rule cuts them off."""
        scaled = standard(rows, self.fill, self.centre, self.scale)
        return torch.as_tensor(scaled, dtype=torch.float32)


def learn(table: Table, rows: Any, settings: Settings | None = None) -> Rule:
    """Learn from some rows; shifts of which no row shows anything teach nothing."""
    settings = settings or SETTINGS
    some = np.flatnonzero(rows & ~table.hidden)
    among, alone = table.seen[some], table.seen_alone[some]
    standard = Standard.of(among)
    shown = standard(among), standard(alone)
    truth = torch.as_tensor(
        np.stack(
            [
                table.gain[some] * _UNIT,
                (table.accuracy[some] - _USUAL) * _UNIT,
                table.gain[some] < -POINT,
                table.adapts[some],
                table.weight[some] / table.weight[some].mean(),
            ],
            axis=1,
        ),
        dtype=torch.float32,
    )
    return Rule(
        names=table.names,
        fill=standard.fill,
        centre=standard.centre,
        scale=standard.scale,
        members=tuple(_member(shown, truth, settings, seed) for seed in range(settings.members)),
        caution=settings.caution,
        accuracy_spread=(-1.0, 1.0),
        gain_spread=(-1.0, 1.0),
    )


def _member(shown: tuple[Any, Any], truth: Any, settings: Settings, seed: int) -> tuple[Layer, ...]:
    """Train one network, by AdamW with a rate that rises and falls."""
    among, alone = shown
    draw = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Linear(among.shape[1], settings.width),
            nn.SiLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.width, settings.width),
            nn.SiLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.width, 3),
        )
        fitter = torch.optim.AdamW(net.parameters(), lr=_RATE / 3, weight_decay=settings.decay)
        steps = settings.rounds * -(-len(among) // _BATCH)
        rate = torch.optim.lr_scheduler.OneCycleLR(fitter, _RATE, total_steps=steps)
        for _ in range(settings.rounds):
            for batch in torch.randperm(len(among), generator=draw).split(_BATCH):
                lonely = torch.rand(len(batch), 1, generator=draw) < settings.alone
                x = torch.where(lonely, alone[batch], among[batch])
                x = x + settings.noise * torch.randn(x.shape, generator=draw)
                loss = _loss(net(x), truth[batch])
                fitter.zero_grad()
                loss.backward()
                fitter.step()
                rate.step()
    layers = [layer for layer in net if isinstance(layer, nn.Linear)]
    found = [
        Layer(layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy())
        for layer in layers
    ]
    # in units of accuracy again: gain, accuracy and the log-odds of harm
    units = np.array([1 / _UNIT, 1 / _UNIT, 1.0])
    usual = np.array([0.0, _USUAL, 0.0])
    last = Layer(found[-1].weight * units[:, None], found[-1].bias * units + usual)
    return (*found[:-1], last)


def _loss(said: Any, truth: Any) -> Any:
    """Return the loss of gain and harm where something moves, and of the accuracy everywhere."""
    gain, accuracy, harmed, adapts, weight = truth.T
    moved = weight * adapts
    wrong = smooth_l1_loss(said[:, 1], accuracy, beta=0.5, reduction="none")
    odds = binary_cross_entropy_with_logits(said[:, 2], harmed, reduction="none")
    return (moved * torch.square(said[:, 0] - gain) + weight * wrong + 0.5 * moved * odds).mean()


def expected(table: Table, rule: Rule, rows: Any) -> tuple[Any, Any, Any]:
    """Return what a rule takes the source of some lines to come to, and each candidate to gain.

    And the probability that it is harmed; as `decide` has it. The lines are all of their settings.
    """
    said = rule.of(table.seen[rows])
    most = 1 - table.own[rows, table.names.index("agreement_baseline")]
    gain = np.where(table.adapts[rows], np.clip(said.gain, -most, most), 0.0)
    start = np.empty(len(gain))
    places = np.cumsum(rows) - 1
    for setting in table.settings:
        if rows[setting[0]]:
            at = places[setting]
            start[at] = np.clip(np.median((said.accuracy - gain)[at]), 0, 1)
    return start, np.minimum(gain, 1 - start), said.harm


def followed(table: Table, rule: Rule, rows: Any) -> Any:
    """Return the lines (one a setting) that who follows the rule ends with, as `decide` has it."""
    index, (_, gain, harm) = np.flatnonzero(rows), expected(table, rule, rows)
    worth = gain - rule.caution * harm
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
    names = [*gone, ""]
    found = Parallel(n_jobs=-1)(
        delayed(learn)(table, rows & ~gone.get(name, np.False_), SETTINGS) for name in names
    )
    everyone = dict(zip(names, found, strict=True))
    rules = {name: everyone[name] for name in parts}
    wrong: dict[str, tuple[Any, Any]] = {}
    for name, part in parts.items():
        start, gain, _ = expected(table, rules[name], part)
        taken = np.isin(np.flatnonzero(part), followed(table, rules[name], part))
        moved = table.adapts[part]
        wrong[name] = (
            (table.accuracy[part] - start - gain)[taken | ~moved],
            (table.gain[part] - gain)[moved],
        )
    return {
        name: _spread(rule, (each for other, each in wrong.items() if other != name))
        for name, rule in everyone.items()
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
    return _parts(table, table.family)


def dealt(table: Table) -> dict[str, Any]:
    """Return parts of the random shifts dealt at random: of what is left out, the kind is seen."""
    return _parts(table, table.setting)


def _parts(table: Table, of: Any) -> dict[str, Any]:
    """Deal the random shifts into parts, all lines (k,) of a name in one of them."""
    names = sorted(set(of[table.drawn]))
    order = dict(zip(names, np.random.default_rng(0).permutation(len(names)), strict=True))
    part = np.array([order.get(name, -1) % PARTS for name in of])
    return {f"part {k}": table.drawn & (part == k) for k in range(PARTS)}


def choose(table: Table) -> None:
    """Print the harm and the gain kept of each setting, on kinds of random shifts it never saw."""
    for settings in WAYS:
        print(f"{settings}, kinds that were not seen", flush=True)
        _left_out(table, settings, kinds(table))
    print(f"{SETTINGS}, shifts that were not seen, of any kind", flush=True)
    _left_out(table, SETTINGS, dealt(table))


def _left_out(table: Table, settings: Settings, parts: dict[str, Any]) -> None:
    """Print how rules do on the part of the random shifts that each has not seen."""
    best = sum(
        max(0.0, table.gain[lines].max()) for lines in table.settings if table.drawn[lines[0]]
    )
    learned = Parallel(n_jobs=-1)(
        delayed(learn)(table, table.drawn & ~part, settings) for part in parts.values()
    )
    rules = list(zip(learned, parts.values(), strict=True))
    off = [
        np.abs(table.accuracy[part] - sum(expected(table, rule, part)[:2])) for rule, part in rules
    ]
    print(f"  {100 * np.concatenate(off).mean():.1f} points off", flush=True)
    for caution in CAUTIONS:
        chosen = np.concatenate(
            [followed(table, replace(rule, caution=caution), part) for rule, part in rules]
        )
        gain = table.gain[chosen]
        harm, kept = 100 * (gain < -POINT).mean(), 100 * gain.sum() / best
        print(f"  caution {caution}: harmed {harm:.1f} %, kept {kept:.1f} %", flush=True)


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
    write_bytes(ROOT / "src/monge/verdict" / ARCHIVE, rules[""].to_bytes())
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
        "Learned on random shifts alone (`benchmarks/random_verdicts.py`). Its price of harm was "
        "chosen on kinds of these that it had not seen, and the rule above has the same; which "
        "scores there are was settled with an eye on the suite. Of some families it did see the "
        "kind. Its intervals are those of random shifts: the suite holds harder ones.\n\n"
        f"{table}\n\n"
    )
    after = "## What other ways would have come to"
    return page.replace(after, said + after, 1)


if __name__ == "__main__":
    main()
