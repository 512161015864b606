"""What the page shows of an adapter and the two tables that it was fitted on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.adapters import Adapter, explore, find_again
from monge.adapters.again import SAME_OBJECTIVE
from monge.data.tables import Table, frame
from monge.errors import InputError, MongeWarning, sentence
from monge.progress import Report, silent
from monge.results import Explorer, Fitted
from monge.workflows.applying import features_of
from monge.workflows.fitting import read_matrix

__all__ = ["Looked", "look_at"]

JUDGED = 10_000
"""Target rows that are classified with and without the transport, at most."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Looked:
    """What the page of a fit is made of.

    Attributes
    ----------
    fitted, explorer
        See `monge.results`.
    verdict
        What the adapter says about itself, where it does, as JSON holds it.

    Examples
    --------
    >>> from monge.results import Clouds
    >>> one, plane = np.zeros(1, dtype=np.int64), np.zeros((1, 2))
    >>> clouds = Clouds(
    ...     source_rows=one, source_labels=one, before=plane, after=plane, target_rows=one,
    ...     target_predicted=one, target=plane, shown=1,
    ... )
    >>> explorer = Explorer(classes=("cat",), clouds=clouds, sampled="All rows are shown.")
    >>> fitted = Fitted(
    ...     source_name="old", target_name="new", source_n=1, target_n=1, judged=1, given={},
    ...     changed=0.0, parameters={}, protocol="All rows.",
    ... )
    >>> Looked(fitted=fitted, explorer=explorer, verdict=None).explorer.sent is None
    True
    """  # fmt: skip

    fitted: Fitted
    explorer: Explorer
    verdict: dict[str, Any] | None


def look_at(
    adapter: Adapter, source: Table, target: Table, *, label: str, report: Report = silent
) -> Looked:
    r"""Gather what the page shows of an adapter, with its plan found again if it was loaded.

    Parameters
    ----------
    adapter
        Fitted on these tables, a classifier.
    source, target
        The tables of the fit; of the target only the features are read.
    label
        The column of labels in the source.
    report
        Told how far reading and the plan are.

    Raises
    ------
    DataError
        If a column is missing or a cell is no number.
    InputError
        If the tables are not those of the fit, or the adapter is a regressor.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from monge.data.tables import open_table
    >>> X, X_target = (frame(np.array(x), ["width"]) for x in ([[0.0], [6.0]], [[5.0], [11.0]]))
    >>> adapter = Adapter("exact").fit(X, ["small", "large"], X_target=X_target)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source, target = Path(folder, "source.csv"), Path(folder, "target.csv")
    ...     _ = source.write_text("width,kind\n0,small\n6,large\n")
    ...     _ = target.write_text("width\n5\n11\n")
    ...     looked = look_at(adapter, open_table(source), open_table(target), label="kind")
    >>> looked.fitted.changed, looked.fitted.given["small"]
    (0.5, (0.5, 0.0, 0.5))
    """
    features = features_of(adapter, source)
    labels = source.labels(label)
    X, X_target = (read_matrix(table, features, report) for table in (source, target))
    whole = find_again(adapter, X, labels, X_target, report=report)
    _require_same_plan(adapter, whole)
    named = hasattr(adapter, "feature_names_in_")
    rows, target_rows = ((frame(part, features) if named else part) for part in (X, X_target))
    explorer = explore(whole, rows, labels, target_rows)
    judged = X_target
    if len(X_target) > JUDGED:
        judged = X_target[np.sort(np.random.default_rng(0).permutation(len(X_target))[:JUDGED])]
    some = frame(judged, features) if named else judged
    with warnings.catch_warnings():  # that nothing is adapted is the point
        warnings.simplefilter("ignore", MongeWarning)
        unadapted = Adapter(classifier=adapter.classifier).fit(rows, labels)
    before, after = unadapted.predict(some), adapter.predict(some)
    fitted = Fitted(
        source_name=source.path.stem,
        target_name=target.path.stem,
        source_n=len(X),
        target_n=len(X_target),
        judged=len(judged),
        given=_given(adapter.classes_, (labels, before, after)),
        changed=float(np.mean(before != after)),
        parameters=_parameters(adapter, label, features),
        protocol=f"Fitted on all rows of {source.path.name}, whose labels are column {label!r}, "
        f"and on all rows of {target.path.name}, of which only the features were read.",
    )
    return Looked(
        fitted=fitted,
        explorer=explorer,
        verdict=_verdict(adapter),
    )


def _given(classes: NDArray, sides: Sequence[NDArray]) -> dict[str, tuple[float, float, float]]:
    """Return the share of each class in the source, and in what is given before and after."""
    shares = [[float(np.mean(side == label)) for side in sides] for label in classes]
    names = map(str, classes.tolist())
    return {name: (a, b, c) for name, (a, b, c) in zip(names, shares, strict=True)}


def _parameters(adapter: Adapter, label: str, features: Sequence[str]) -> dict[str, str]:
    """Write what the adapter was made with."""
    given = {name: str(value) for name, value in adapter.get_params(deep=False).items()}
    found = {"label": label, "features": f"{len(features)}"} | given
    if hasattr(adapter, "transport_"):
        found["transport that was chosen"] = str(adapter.transport_)
    return found


def _require_same_plan(adapter: Adapter, whole: Adapter) -> None:
    """Refuse tables on which the plan that is found again is not the one that was saved."""
    kept, found = adapter.certificate_, whole.certificate_
    if kept is None or found is None or whole is adapter:
        return
    least = SAME_OBJECTIVE * max(abs(kept.objective), abs(kept.epsilon))
    if abs(kept.objective - found.objective) > least:
        got = (
            f"others: the plan that is found on them has the objective {found.objective:.4g}, that "
            f"of the fit {kept.objective:.4g}"
        )
        remedy = "pass the two tables that the adapter was fitted on, unchanged"
        raise InputError(sentence("monge report", "SOURCE and TARGET", "the fit's", got, remedy))


def _verdict(adapter: Adapter) -> dict[str, Any] | None:
    """Return what the adapter says about itself, if anything."""
    verdict = getattr(adapter, "verdict_", None)
    if verdict is None:
        return None
    found: dict[str, Any] = verdict.to_json() if hasattr(verdict, "to_json") else dict(verdict)
    return found
