"""What the page shows of a fitted adapter: some rows, where their mass goes, and who is at risk.

The plan is read by rows and summed by classes and bins: nothing of size n x m is made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from monge._types import NDArray
from monge.adapters.adapter import Adapter
from monge.adapters.candidates import Unmoved
from monge.adapters.centring import taken_off
from monge.adapters.labels import class_labels
from monge.adapters.moving import move
from monge.adapters.named import transport_of
from monge.adapters.plan_reading import (
    Seen,
    class_shares,
    distinct,
    placed,
    read_convergence,
    read_risk,
    read_rows,
    read_view,
)
from monge.adapters.plane import Plane
from monge.errors import InputError, sentence
from monge.results import Clouds, Explorer, PlanView
from monge.solvers import GraphPlan, Prototypes, Solution

__all__ = ["explore"]

SOURCE_ROWS, TARGET_ROWS, MOVED = 600, 1200, 5000
"""Rows drawn of the source and of the target, and source rows that a target row's distance is
measured to."""


def explore(
    adapter: Adapter,
    X: Any,
    y: Any,
    X_target: Any,
    *,
    target_labels: Any = None,
    random_state: Any = 0,
) -> Explorer:
    """Gather what the page lets a person look at: some rows of both domains and of the plan.

    Parameters
    ----------
    adapter
        Fitted on these rows, a classifier.
    X, y, X_target
        What it was fitted on: (n, d), (n,) and (m, d).
    target_labels
        True classes of the target (m,), where an experiment knows them: to be shown, and to sort
        the plan by. Nothing is fitted or chosen with them.
    random_state
        Seed of the rows that are drawn.

    Returns
    -------
    Explorer
        At most 600 source rows, as many of each class, their ten main receivers, 1,200 target rows,
        and pictures of at most 256 x 256 bins.

    Raises
    ------
    InputError
        If the adapter is a regressor or was fitted without a target, or the rows are not those of
        the fit.

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [8.0]]), ["low", "low", "high"]
    >>> adapter = Adapter("exact").fit(X, y, X_target=X + 2)
    >>> explorer = explore(adapter, X, y, X + 2)
    >>> explorer.sent.shares[:, 0], explorer.plan.class_mass.round(2)
    (array([1., 1., 1.]), array([[0.33, 0.  ],
           [0.  , 0.67]]))
    """
    seen = _seen(adapter, X, y, X_target, target_labels)
    draw = check_random_state(random_state)
    solution, rows = adapter.solution_, adapter.source_rows_
    drawn = _alike(draw, seen.labels[rows], len(adapter.classes_))
    columns = adapter.target_rows_
    shown = draw.permutation(len(columns))[:TARGET_ROWS]
    plane = Plane(seen.X, seen.X_target)
    # `wanted` are places in the plan's columns, of which the first are drawn for their own sake.
    sent, risk, view, wanted = None, None, None, shown
    moved = move(adapter.map_, seen.X[rows[draw.permutation(len(rows))[:MOVED]]])
    if solution is not None:
        shares = class_shares(seen.predicted[columns], len(adapter.classes_))
        sent = read_rows(solution.plan, drawn, shares, plane, seen.X_target[columns])
        risk = read_risk(adapter, seen, moved)
        view = _view(solution, seen, adapter)
        wanted = distinct(shown, sent.receivers.ravel(), risk.target)
        place = np.full(len(columns) + 1, -1)
        place[wanted] = np.arange(len(wanted))
        sent = placed(sent, place)
        risk = replace(risk, target=place[risk.target])
    target_rows = columns[wanted]
    clouds = Clouds(
        source_rows=rows[drawn],
        source_labels=seen.labels[rows[drawn]],
        before=plane(seen.X[rows[drawn]]),
        after=plane(move(adapter.map_, seen.X[rows[drawn]])),
        target_rows=target_rows,
        target_predicted=seen.predicted[target_rows],
        target_labels=None if seen.truth is None else seen.truth[target_rows],
        target=plane(seen.X_target[target_rows]),
        shown=len(shown),
    )
    return Explorer(
        classes=tuple(map(str, adapter.classes_.tolist())),
        clouds=clouds,
        sampled=_sampled(clouds, seen, adapter),
        sent=sent,
        plan=view,
        at_risk=risk,
        convergence=None if solution is None else read_convergence(solution, adapter),
        notes=_notes(adapter, solution),
    )


def _view(solution: Solution, seen: Seen, adapter: Adapter) -> PlanView:
    """Bin and sum the plan by the classes that are known of both sides."""
    known, columns = seen.truth, "true class"
    if known is None:
        known, columns = seen.predicted, "predicted class"
    sides = seen.labels[adapter.source_rows_], known[adapter.target_rows_]
    return read_view(solution.plan, sides, len(adapter.classes_), columns)


def _seen(adapter: Adapter, X: Any, y: Any, X_target: Any, target_labels: Any) -> Seen:
    """Check what is shown against what was fitted."""
    caller = "explore"
    if not hasattr(adapter, "classes_"):
        required, remedy = "one that classifies", "look at a regressor's plan in Python"
        raise InputError(sentence(caller, "adapter", required, "a regressor", remedy))
    adapter._require_target(caller)  # noqa: SLF001 - one room, and the sentence is the same
    rows, target = (adapter._checked(part, caller) for part in (X, X_target))  # noqa: SLF001 - likewise
    labels = class_labels(y, caller=caller)
    for name, part, fitted in (
        ("X", rows, adapter.source_rows_),
        ("X_target", target, adapter.target_rows_),
    ):
        if len(fitted) and len(part) <= int(fitted.max()):
            required, got = (
                "the rows of the fit",
                f"{len(part)} rows of at least {fitted.max() + 1}",
            )
            raise InputError(sentence(caller, name, required, got, "pass what fit was given"))
    known = np.isin(labels, adapter.classes_)
    if len(labels) != len(rows) or not known.all():
        required, got = f"the {len(rows)} labels of the fit", f"{len(labels)}, {known.sum()} known"
        raise InputError(sentence(caller, "y", required, got, "pass what fit was given"))
    truth = None
    if target_labels is not None:
        truth = _truth(adapter, target_labels, len(target))
    predicted = np.full(len(target), -1)
    predicted[adapter.target_rows_] = np.searchsorted(
        adapter.classes_,
        adapter.classifier_.predict(taken_off(target[adapter.target_rows_], adapter.centre_)),
    )
    return Seen(
        X=rows,
        labels=np.searchsorted(adapter.classes_, labels),
        X_target=target,
        predicted=predicted,
        truth=truth,
    )


def _truth(adapter: Adapter, labels: Any, rows: int) -> NDArray:
    """Return the places of the true classes among those of the adapter."""
    given = np.asarray(labels)
    known = np.isin(given, adapter.classes_)
    if len(given) != rows or not known.all():
        required, got = (
            f"{rows} labels that the source has too",
            f"{len(given)}, {known.sum()} known",
        )
        remedy = "leave them out: they are shown, and used for nothing"
        raise InputError(sentence("explore", "target_labels", required, got, remedy))
    truth: NDArray = np.searchsorted(adapter.classes_, given)
    return truth


def _alike(draw: np.random.RandomState, labels: NDArray, classes: int) -> NDArray:
    """Draw rows, as many of each class where there are enough, and sort them by class."""
    order, each = draw.permutation(len(labels)), max(1, SOURCE_ROWS // classes)
    drawn = [order[labels[order] == label][:each] for label in range(classes)]
    return np.concatenate(drawn)


def _sampled(clouds: Clouds, seen: Seen, adapter: Adapter) -> str:
    """Say what was drawn of what."""
    n, m = len(adapter.source_rows_), len(adapter.target_rows_)
    inside = ""
    if (n, m) != (len(seen.X), len(seen.X_target)):
        inside = f", among the {n:,} and {m:,} rows that the transport was found on"
    source, target = len(clouds.source_rows), clouds.shown
    of_source = f"{source:,} of {len(seen.X):,} source rows, drawn alike from each class"
    of_target = f"{target:,} of {len(seen.X_target):,} target rows, drawn at random"
    if source == len(seen.X):
        of_source = f"all {source:,} source rows"
    if target == len(seen.X_target):
        of_target = f"all {target:,} target rows"
    whole = "Sums over classes and the picture of the plan are of all its rows."
    return f"Shown are {of_source}, and {of_target}{inside}. {whole}"


def _notes(adapter: Adapter, solution: Solution | None) -> tuple[str, ...]:
    """Say what is missing, and what a plan of this kind does not tell."""
    transport = transport_of(adapter)
    if isinstance(transport, Unmoved):
        note = (
            "Nothing is moved: the classifier is the one that was trained on the source as it is. "
            "So there are no receivers, no masses between classes and no certificate to show; the "
            "two clouds are the same before and after."
        )
    elif solution is None:
        name = adapter.transport
        name = name if isinstance(name, str) and name != "auto" else type(transport).__name__
        note = (
            f"The transport {name!r} has no plan: it moves every row by one formula, found from "
            "the means and the spreads of both domains. So there are no receivers, no masses "
            "between classes and no certificate to show; the two clouds say what it did."
        )
    elif isinstance(solution.plan, GraphPlan):
        note = (
            "This transport carries labels as votes, which are spread over the neighbours within "
            "the target afterwards. The receivers and masses are those of the plan before the "
            "spreading; the votes of the rows at risk are those after it."
        )
    elif isinstance(transport, Prototypes):
        note = (
            "This transport sends the rows of a class as one, so all rows of a class have the "
            "same receivers: look at classes, not at points."
        )
    else:
        return ()
    return (note,)
