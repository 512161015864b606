"""A classifier carried from a labelled source to an unlabelled target."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.base import ClassifierMixin, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from monge._types import CostName, NDArray
from monge.adapters.checks import check_rows, check_source, check_subsample, check_target
from monge.adapters.named import MAPS, TRANSPORTS, Transport, by_name
from monge.adapters.options import OptionsEstimator
from monge.errors import InputError, MongeWarning, sentence
from monge.geometry import PointCloud
from monge.geometry.cloud import as_tensor
from monge.geometry.costs import CostFunction
from monge.maps import CloudFit, Map, PlanFit
from monge.progress import Report, silent
from monge.solvers import Problem, Solution, Solver

__all__ = ["Adapter"]


class _Moving(NamedTuple):
    """What a fit finds out about the two clouds."""

    map: Map | None
    solution: Solution | None
    source_rows: NDArray
    target_rows: NDArray


def _moved(
    transport: Transport, plan_map: PlanFit, problem: Problem, report: Report
) -> tuple[Map, Solution | None]:
    """Find the map, and the plan where there is one."""
    if isinstance(transport, CloudFit):
        return transport.fit(problem), None
    solution = transport.solve(problem, report=report)
    return plan_map.fit(solution), solution


def _move(moving: Map | None, X: NDArray) -> NDArray:
    """Apply a map, keeping the type of ``X``."""
    if moving is None:
        return X
    points = as_tensor(X, "Adapter", "X")
    moved: NDArray = moving(points).cpu().numpy().astype(X.dtype, copy=False)
    return moved


def _drawn(draw: np.random.RandomState, length: int, subsample: int | None) -> NDArray:
    """Return the rows that take part in the plan, ascending."""
    if subsample is None:
        return np.arange(length)
    return np.sort(draw.permutation(length)[:subsample])


def _gives_probabilities(adapter: Adapter) -> bool:
    """Whether the classifier does, fitted or not; the default one does."""
    classifier = getattr(adapter, "classifier_", adapter.classifier)
    return classifier is None or hasattr(classifier, "predict_proba")


class Adapter(ClassifierMixin, OneToOneFeatureMixin, TransformerMixin, OptionsEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Move the labelled source onto the target, then train a classifier there.

    Parameters
    ----------
    transport
        What moves the source: ``"sinkhorn"``, ``"exact"``, ``"linear"``, ``"coral"``,
        ``"standardise"``, or an object such as ``Sinkhorn(epsilon=0.1)``.
    map
        What makes a function of a plan: ``"barycentric"``, ``"entropic"`` or an object. Not used
        by transports that have no plan.
    classifier
        Any scikit-learn classifier; it is cloned. By default the nearest neighbour.
    cost
        Cost of the plan, see `monge.PointCloud`.
    subsample
        Rows of each side that the plan is made of, drawn at random; ``None`` takes all. The map
        extends the plan to the rest.
    random_state
        Seed of that draw: an integer, a ``numpy.random.RandomState`` or ``None``.

    Attributes
    ----------
    classes_
        Labels seen in `fit`, (L,).
    map_
        The fitted `monge.maps.Map`; ``None`` where `fit` got no target.
    solution_
        The plan with its certificate; ``None`` for transports without a plan.
    classifier_
        The classifier, trained on the moved source.
    source_rows_, target_rows_
        Rows that the plan was made of, ascending; none where `fit` got no target.
    n_features_in_
        Features d.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import Adapter
    >>> generator = np.random.default_rng(0)
    >>> X = generator.normal(size=(40, 2)) + np.repeat([[0, 0], [6, 0]], 20, axis=0)
    >>> y = np.repeat(["left", "right"], 20)
    >>> adapter = Adapter("sinkhorn").fit(X, y, X_target=X + [4, 1])
    >>> adapter.score(X + [4, 1], y)
    1.0
    """

    def __init__(
        self,
        transport: str | Transport = "sinkhorn",
        *,
        map: str | PlanFit = "barycentric",  # noqa: A002 - the field's word, and a keyword only
        classifier: Any = None,
        cost: CostName | CostFunction = "sqeuclidean",
        subsample: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.transport = transport
        self.map = map
        self.classifier = classifier
        self.cost = cost
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, X: Any, y: Any, *, X_target: Any = None, report: Report = silent) -> Adapter:
        """Find the transport from source to target and train the classifier on the moved source.

        Parameters
        ----------
        X
            Source, (n, d).
        y
            Its labels (n,), at least two classes.
        X_target
            Unlabelled target, (m, d). Without it there is nothing to adapt to: the classifier is
            trained on the source as it is, and a warning says so.
        report
            Told the progress of the plan.

        Raises
        ------
        InputError
            If the data is not finite, the target is empty or has other features, there is one
            class only, or a parameter is out of its range.
        ValueError
            If the source is empty or misshapen (from scikit-learn's checks).
        ConvergenceError
            If the plan did not converge. An adapter that was fitted before stays as it was.
        """
        transport = by_name(self.transport, TRANSPORTS, (Solver, CloudFit), "transport")
        plan_map = by_name(self.map, MAPS, (PlanFit,), "map")
        subsample = check_subsample(self.subsample)
        X, y, classes = check_source(self, X, y)
        if X_target is None:
            warnings.warn(
                "Adapter.fit: X_target is missing, so nothing is adapted and the classifier is "
                "trained on the source as it is; pass X_target=... to adapt.",
                MongeWarning,
                stacklevel=2,
            )
            nothing = np.arange(0)
            moving = _Moving(None, None, nothing, nothing)
        else:
            X_target = check_target(self, X_target)
            draw = check_random_state(self.random_state)
            rows = _drawn(draw, len(X), subsample), _drawn(draw, len(X_target), subsample)
            problem = Problem(
                PointCloud(X[rows[0]], X_target[rows[1]], self.cost),
                source_labels=torch.as_tensor(np.searchsorted(classes, y[rows[0]])),
            )
            moving = _Moving(*_moved(transport, plan_map, problem, report), *rows)
        default = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
        classifier = clone(default if self.classifier is None else self.classifier)
        classifier.fit(_move(moving.map, X), y)
        # Only now, so that a fit that fails changes nothing.
        self.map_, self.solution_, self.source_rows_, self.target_rows_ = moving
        self.classes_, self.classifier_, self._source_labels = classes, classifier, y
        return self

    def _checked(self, X: Any, verb: str) -> NDArray:
        check_is_fitted(self, "classifier_")
        return check_rows(self, X, verb)

    def transform(self, X: Any) -> NDArray:
        """Move source rows to where the target is, (k, d) -> (k, d)."""
        X = self._checked(X, "transform")
        return _move(self.map_, X)

    def predict(self, X: Any) -> NDArray:
        """Classify target rows, (k, d) -> (k,)."""
        X = self._checked(X, "predict")
        predicted: NDArray = self.classifier_.predict(X)
        return predicted

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator] # scikit-learn ships no types
    def predict_proba(self, X: Any) -> NDArray:
        """Return the class probabilities of target rows, (k, d) -> (k, L)."""
        X = self._checked(X, "predict_proba")
        shares: NDArray = self.classifier_.predict_proba(X)
        return shares

    def propagate(self) -> NDArray:
        """Carry the source labels through the plan: soft votes of the target rows in it.

        Returns
        -------
        ndarray
            (m, L): for each of ``target_rows_`` the share of its mass that comes from each class
            (Redko et al. 2019, label propagation); columns follow ``classes_``.

        Raises
        ------
        InputError
            If the transport has no plan, or `fit` got no target.
        """
        check_is_fitted(self, "classifier_")
        if self.map_ is None:
            required, remedy = "given to fit", "pass X_target to fit"
            raise InputError(sentence("Adapter.propagate", "X_target", required, "none", remedy))
        if self.solution_ is None:
            required, got = "one that has a plan", repr(self.transport)
            remedy = "use for example transport='sinkhorn'"
            raise InputError(sentence("Adapter.propagate", "transport", required, got, remedy))
        labels = np.searchsorted(self.classes_, self._source_labels[self.source_rows_])
        one_hot = torch.nn.functional.one_hot(torch.as_tensor(labels), len(self.classes_))
        votes = self.solution_.plan.push(one_hot)
        shares: NDArray = (votes / votes.sum(1, keepdim=True)).cpu().numpy()
        return shares
