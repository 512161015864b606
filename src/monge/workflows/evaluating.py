"""How good an adapter is on labelled target rows: the one place where target labels are read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from monge._types import NDArray
from monge.adapters import Adapter
from monge.data.tables import Table, frame
from monge.data.tables.base import refuse
from monge.errors import InputError, MongeWarning, sentence
from monge.progress import Progress, Report, silent
from monge.workflows.applying import batches, features_of
from monge.workflows.fitting import read_matrix

__all__ = ["Evaluation", "Score", "evaluate_table"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """How one classifier did.

    Attributes
    ----------
    confusion
        (L, L) rows of each class (down) that were given each class (across).

    Examples
    --------
    >>> score = Score(confusion=np.array([[8, 2], [0, 90]]))
    >>> score.accuracy, score.balanced_accuracy
    (0.98, 0.9)
    >>> score.recall, score.precision.round(2)
    (array([0.8, 1. ]), array([1.  , 0.98]))
    """

    confusion: NDArray

    @property
    def accuracy(self) -> float:
        """Share of the rows that were classified right."""
        return float(self.confusion.trace() / self.confusion.sum())

    @property
    def recall(self) -> NDArray:
        """Share of each class that was found, (L,); NaN where the table has no row of it."""
        return _ratio(self.confusion.diagonal(), self.confusion.sum(1))

    @property
    def precision(self) -> NDArray:
        """Share of right ones among those given each class, (L,); NaN where none was."""
        return _ratio(self.confusion.diagonal(), self.confusion.sum(0))

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall over the classes that are there."""
        return float(np.nanmean(self.recall))


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """An adapter on labelled rows, beside the classifier trained on the source as it is.

    Attributes
    ----------
    classes
        Of the adapter, (L,).
    after
        The adapter.
    before
        The same classifier without adaptation; ``None`` where no source was given.

    Examples
    --------
    >>> evaluation = Evaluation(
    ...     classes=np.array(["large", "small"]),
    ...     after=Score(confusion=np.array([[9, 1], [0, 10]])),
    ...     before=Score(confusion=np.array([[6, 4], [2, 8]])),
    ... )
    >>> f"{evaluation.before.accuracy:.0%} before, {evaluation.after.accuracy:.0%} after"
    '70% before, 95% after'
    """

    classes: NDArray
    after: Score
    before: Score | None


def evaluate_table(
    adapter: Adapter,
    table: Table,
    *,
    label: str,
    source: Table | None = None,
    report: Report = silent,
) -> Evaluation:
    r"""Score an adapter on a table with labels, of which no more than a batch is held.

    What grows with its rows are the labels, four bytes each; the source is held whole.

    Parameters
    ----------
    adapter
        Fitted, a classifier.
    table
        Target rows, matched by column name.
    label
        The column of labels, in the table and in the source.
    source
        The labelled source, to train the same classifier on it as it is: the score before.
    report
        Told the rows that are done.

    Raises
    ------
    DataError
        If a column is missing, a cell is no number, or a label is none of the adapter's.
    InputError
        If the adapter is a regressor.

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
    ...     _ = target.write_text("width,kind\n5,small\n11,large\n")
    ...     tables = open_table(target), open_table(source)
    ...     evaluation = evaluate_table(adapter, tables[0], label="kind", source=tables[1])
    >>> evaluation.before.accuracy, evaluation.after.accuracy
    (0.5, 1.0)
    """
    if not hasattr(adapter, "classes_"):
        required, remedy = "one that classifies", "score a regressor with Adapter.score"
        raise InputError(sentence("evaluate", "adapter", required, "a regressor", remedy))
    truth = _codes(table, label, adapter.classes_, report)
    before = None
    if source is not None:
        unadapted = _unadapted(adapter, source, label, report)
        before = _score(unadapted, table, truth, report, "Scoring before")
    after = _score(adapter, table, truth, report, "Scoring after")
    return Evaluation(classes=adapter.classes_, after=after, before=before)


def _unadapted(adapter: Adapter, source: Table, label: str, report: Report) -> Adapter:
    """Train the adapter's classifier on the source as it is."""
    features = features_of(adapter, source)
    labels = adapter.classes_[_codes(source, label, adapter.classes_, report)]
    X = read_matrix(source, features, report)
    named = hasattr(adapter, "feature_names_in_")
    with warnings.catch_warnings():  # that nothing is adapted is the point
        warnings.simplefilter("ignore", MongeWarning)
        return Adapter(classifier=adapter.classifier).fit(
            frame(X, features) if named else X, labels
        )


def _codes(table: Table, label: str, classes: NDArray, report: Report) -> NDArray:
    """Return the labels of a table as places in the classes, (n,) int32, read by pieces.

    Labels are compared as they are written, so that 3 in one kind of file is "3" in another.

    Raises
    ------
    DataError
        If one is unknown, with its row.
    """
    places = {_written(value): place for place, value in enumerate(classes.tolist())}
    codes: list[NDArray] = []
    for part in table.label_batches(label, table.label_kind(label, report=report)):
        values, place = np.unique(part, return_inverse=True)
        known = [places.get(_written(value), -1) for value in values.tolist()]
        found = np.array(known, dtype=np.int32)[place]
        if (found < 0).any():
            row = int((found < 0).argmax())
            got = (
                f"{part.tolist()[row]!r} in column {label!r}, row {sum(map(len, codes)) + row + 1}"
            )
            required = f"labels among {', '.join(places)}"
            refuse(table.path, required, got, "leave out rows of classes that the source has not")
        codes.append(found)
    return np.concatenate(codes)


def _written(value: object) -> str:
    """Write a label as text, the same for 1, 1.0 and "1", and for True and "true"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _score(adapter: Adapter, table: Table, truth: NDArray, report: Report, task: str) -> Score:
    classes = adapter.classes_
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    done = 0
    for X in batches(adapter, table):
        given = np.searchsorted(classes, adapter.predict(X))
        np.add.at(confusion, (truth[done : done + len(given)], given), 1)
        done += len(given)
        report(Progress(task=task, done=done, total=len(truth), detail=f"{done:,} rows"))
    return Score(confusion=confusion)


def _ratio(part: NDArray, whole: NDArray) -> NDArray:
    ratio: NDArray = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return ratio
