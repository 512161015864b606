"""What the page says of a plan in words; figures are read off the records, nothing is estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.report.clouds import centre_gap
from monge.report.findings import NAME_CHARACTERS, abridge, percent, right_share, shorten
from monge.report.plans import worst_pairs
from monge.results import Clouds, Convergence, Explorer, Fitted, PlanView, Sent

__all__ = [
    "clouds_sentence",
    "fit_headline",
    "hidden_sentence",
    "mass_sentence",
    "missing_sentence",
    "number",
    "plan_sentence",
    "risk_rows",
    "trust_sentence",
]

FEW = 3
"""Classes that a row's votes are listed of."""

HARDLY = 0.1
"""A class with less than this part of its share in the source is hardly there."""

MOST_MISSING = 5
"""Missing classes that a sentence names."""


def number(value: float) -> str:
    """Write a small number as people read it.

    Examples
    --------
    >>> number(7.2e-07), number(0.0123), number(0)
    ('7.2e-07', '0.0123', '0')
    """
    if value == 0:
        return "0"
    return f"{value:.3g}" if abs(value) >= 1e-3 else f"{value:.1e}"  # noqa: PLR2004 - where zeros are many


def fit_headline(fitted: Fitted, clouds: Clouds) -> str:
    """Say what the fit changes; without labels nobody knows more."""
    target = shorten(fitted.target_name, NAME_CHARACTERS)
    if not clouds.moved.any():
        return f"Nothing is moved: {target} keeps the classes that the classifier gives unadapted"
    if fitted.changed == 0:
        return f"The transport changes the class of no row of {target}"
    drawn = "" if fitted.judged == fitted.target_n else f"{fitted.judged:,} drawn of the "
    return (
        f"{percent(fitted.changed)} of the {drawn}{fitted.target_n:,} rows of {target} are given "
        "another class with transport than without"
    )


def clouds_sentence(clouds: Clouds) -> str:
    """Say how far the rows move, and what becomes of the gap between equal classes."""
    moved = float(clouds.moved.mean())
    some = slice(clouds.shown)
    given = clouds.target_predicted if clouds.target_labels is None else clouds.target_labels
    before, after = (
        centre_gap(side, clouds.source_labels, clouds.target[some], given[some])
        for side in (clouds.before, clouds.after)
    )
    text = "No source row moves"
    if moved > 0:
        text = f"The source rows move by {number(moved)} in the mean"
    if np.isnan(before):
        return f"{text}; the two domains share no class."
    from_, to = number(before), number(after)
    verb = "narrows" if after < before else "widens"
    way = f"stays at {to}" if from_ == to else f"{verb} from {from_} to {to}"
    return (
        f"{text}, and the gap between the centres of equal classes {way}, in the units of this "
        "picture."
    )


def plan_sentence(view: PlanView) -> str:
    """Say what share of the mass joins equal classes, against independence."""
    mass = view.class_mass
    independent = float(mass.sum(1) @ mass.sum(0))
    return (
        f"{percent(right_share(mass))} of the mass joins equal classes, where a plan that does not "
        f"look at the rows would join {percent(independent)}."
    )


def mass_sentence(explorer: Explorer, view: PlanView) -> str:
    """Name the worst confusions of a plan."""
    worst = worst_pairs(view.class_mass, 3)
    stays = f"{percent(right_share(view.class_mass))} of the mass stays in its class"
    if not worst:
        return f"{stays}; none strays."
    parts, lost = [], hardly(view.class_mass.sum(1), view.class_mass.sum(0))
    for source, target, share in worst:
        whole = float(view.class_mass[source].sum())
        missing = ", which the target hardly has," if source in lost else ""
        parts.append(
            f"from {name(explorer, source)}{missing} to {name(explorer, target)} "
            f"({percent(share / whole)} of what {name(explorer, source)} sends)"
        )
    return f"{stays}; most strays {listed(parts)}."


def hardly(there: NDArray, here: NDArray) -> list[int]:
    """Return the classes (of L shares each) that are there, and hardly here.

    Examples
    --------
    >>> hardly(np.array([0.5, 0.5, 0.0]), np.array([0.99, 0.01, 0.0]))
    [1]
    """
    found: list[int] = np.flatnonzero((there > 0) & (here < HARDLY * there)).tolist()
    return found


def missing_sentence(explorer: Explorer, view: PlanView) -> str:
    """Name the classes of the source that the target hardly has, or that the plan leaves behind."""
    sent, got = view.class_mass.sum(1), view.class_mass.sum(0)
    rows = np.diff(view.row_borders) / max(float(view.row_borders[-1]), 1.0)
    of = "of" if view.columns == "true class" else "given"
    missing = [
        f"{name(explorer, k)} ({percent(float(sent[k]))} of the mass comes from this class, "
        f"{percent(float(got[k]))} goes to target rows {of} it)"
        for k in hardly(sent, got)
    ]
    left = [
        f"{name(explorer, k)} ({percent(float(rows[k]))} of the source rows, "
        f"{percent(float(sent[k]))} of the mass)"
        for k in hardly(rows, sent / max(float(sent.sum()), 1e-300))
    ]
    text = f"Missing in the target, or nearly: {some_of(missing)}." if missing else ""
    if left:
        text += f" Left behind by the plan, or nearly: {some_of(left)}."
    return text.strip()


def hidden_sentence(given: Mapping[str, tuple[float, float, float]]) -> str:
    """Name the classes that hardly any row is given without transport, but with it.

    Parameters
    ----------
    given
        As in `Fitted`: of each class the share of the source, and of the target before and after.
    """
    shares = np.array(list(given.values())).reshape(-1, 3)
    lost = hardly(shares[:, 0], shares[:, 1])
    found = [k for k in lost if k not in hardly(shares[:, 0], shares[:, 2])]
    if not found:
        return ""
    names = list(given)
    parts = some_of(
        [
            f"{abridge(names[k], NAME_CHARACTERS)} ({percent(shares[k, 1])}; with transport "
            f"{percent(shares[k, 2])}, of the source {percent(shares[k, 0])})"
            for k in found
        ]
    )
    return (
        f"Without transport hardly any row is given {parts}. Either the shift hides what is there, "
        "or the target lacks it, and the transport places mass of the source there all the same: "
        "without labels this page cannot tell which."
    )


def some_of(parts: Sequence[str]) -> str:
    """Join parts of a sentence, and count those that are too many to be named.

    Examples
    --------
    >>> some_of(["a", "b"]), some_of(list("abcdefg"))
    ('a and b', 'a, b, c, d, e and 2 others')
    """
    more = len(parts) - MOST_MISSING
    if more <= 0:
        return listed(parts)
    return listed([*parts[:MOST_MISSING], f"{more} other{'s' if more > 1 else ''}"])


def name(explorer: Explorer, label: int) -> str:
    """Return the name of a class as a sentence bears it."""
    return abridge(explorer.classes[label], NAME_CHARACTERS)


def listed(parts: Sequence[str]) -> str:
    """Join parts of a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def trust_sentence(convergence: Convergence) -> str:
    """Say whether the plan can be trusted to be the one that was asked for."""
    error = max(convergence.marginal_error)
    sweeps = "1 sweep" if convergence.sweeps == 1 else f"{convergence.sweeps:,} sweeps"
    asked = ""
    if convergence.tolerance is not None:
        asked = f" (asked: at most {number(convergence.tolerance)})"
    missed = f"its rows and columns miss the mass asked of them by {number(error)} of it{asked}"
    if not convergence.converged:
        return f"Read this plan with care: {convergence.status}. After {sweeps} {missed}."
    if convergence.sweeps == 0:
        return f"The plan is the optimum: {missed}."
    return f"The plan converged after {sweeps}: {missed}."


def class_rows(explorer: Explorer, sent: Sent) -> list[dict[str, str]]:
    """Return what the drawn rows of each class do, for a reader who does not see the picture."""
    rows = []
    for label, title in enumerate(explorer.classes):
        some = explorer.clouds.source_labels == label
        if not some.any():
            rows.append({"name": title, "count": "0", "spread": "-", "own": "-", "other": "-"})
            continue
        shares = sent.class_share[some].mean(0)
        others = np.where(np.arange(len(shares)) == label, -1.0, shares)
        second = int(others.argmax())
        rows.append(
            {
                "name": title,
                "count": f"{some.sum():,}",
                "spread": f"{sent.perplexity[some].mean():.1f}",
                "own": percent(float(shares[label])),
                "other": f"{explorer.classes[second]}, {percent(float(shares[second]))}"
                if others[second] > 0
                else "none",
            }
        )
    return rows


def votes_text(explorer: Explorer, votes: NDArray) -> str:
    """Say which classes a target row's mass comes from, the largest first."""
    order = np.argsort(-votes, kind="stable")[:FEW]
    return ", ".join(
        f"{explorer.classes[k]}: {percent(float(votes[k]))}"
        for k in order
        if votes[k] >= 5e-4  # noqa: PLR2004 - rounds to 0
    )


def risk_rows(explorer: Explorer) -> list[dict[str, Any]]:
    """Return the rows of the list of target rows at risk, the most doubtful first."""
    risk, clouds = explorer.at_risk, explorer.clouds
    if risk is None:
        return []
    rows = []
    for at in np.argsort(-risk.doubt, kind="stable").tolist():
        place = int(risk.target[at])
        rows.append(
            {
                "place": place,
                "row": int(clouds.target_rows[place]),
                "given": explorer.classes[clouds.target_predicted[place]],
                "truth": None
                if clouds.target_labels is None
                else explorer.classes[clouds.target_labels[place]],
                "votes": votes_text(explorer, risk.votes[at]),
                "doubt": float(risk.doubt[at]),
                "distance": float(risk.distance[at]),
            }
        )
    return rows
