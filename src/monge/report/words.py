"""What the page says of a plan in words; figures are read off the records, nothing is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.report.clouds import centre_gap
from monge.report.findings import NAME_CHARACTERS, percent, right_share, shorten
from monge.report.plans import worst_pairs
from monge.results import Clouds, Convergence, Explorer, Fitted, PlanView, Sent

__all__ = [
    "clouds_sentence",
    "fit_headline",
    "mass_sentence",
    "number",
    "plan_sentence",
    "risk_rows",
    "trust_sentence",
]

FEW = 3
"""Classes that a row's votes are listed of."""


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
    parts = []
    for source, target, share in worst:
        whole = float(view.class_mass[source].sum())
        parts.append(
            f"from {name(explorer, source)} to {name(explorer, target)} "
            f"({percent(share / whole)} of what {name(explorer, source)} sends)"
        )
    return f"{stays}; most strays {listed(parts)}."


def name(explorer: Explorer, label: int) -> str:
    """Return the name of a class as a sentence bears it."""
    return shorten(explorer.classes[label], NAME_CHARACTERS)


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
