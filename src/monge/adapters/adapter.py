"""A classifier carried from a labelled source to an unlabelled target."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin, TransformerMixin, clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from monge._types import CostName, NDArray
from monge.adapters.named import MAPS, TRANSPORTS, Transport, by_name
from monge.adapters.options import OptionsEstimator
from monge.errors import InputError, MongeWarning, sentence
from monge.geometry import PointCloud
from monge.geometry.costs import CostFunction
from monge.maps import CloudFit, Map, PlanFit
from monge.progress import Report, silent
from monge.solvers import Problem, Solution, Solver

__all__ = ["Adapter"]


class Adapter(ClassifierMixin, TransformerMixin, OptionsEstimator):  # type: ignore[misc] # scikit-learn ships no types
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
        Rows that the plan was made of, ascending.
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
            If there is one class only, or a parameter is out of its range.
        ValueError
            If the data is not finite, empty, or of different widths (from scikit-learn's checks).
        ConvergenceError
            If the plan did not converge.
        """
        transport = by_name(self.transport, TRANSPORTS, (Solver, CloudFit), "transport")
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        self.classes_ = unique_labels(y)
        if len(self.classes_) < 2:  # noqa: PLR2004 - there is something to tell apart
            required, got = "of at least two classes", "one class"
            remedy = "add source rows of another class"
            raise InputError(sentence("Adapter.fit", "y", required, got, remedy))
        self.solution_: Solution | None = None
        self.map_: Map | None = None
        if X_target is None:
            warnings.warn(
                "Adapter.fit: X_target is missing, so nothing is adapted and the classifier is "
                "trained on the source as it is; pass X_target=... to adapt.",
                MongeWarning,
                stacklevel=2,
            )
        else:
            X_target = validate_data(self, X_target, reset=False, dtype=[np.float64, np.float32])
            self._fit_map(transport, X, X_target, report)
        self._source_labels = y
        default = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
        self.classifier_ = clone(default if self.classifier is None else self.classifier)
        self.classifier_.fit(self._move(X), y)
        return self

    def _fit_map(self, transport: Transport, X: NDArray, X_target: NDArray, report: Report) -> None:
        """Solve on the drawn rows and keep the map."""
        draw = check_random_state(self.random_state)
        self.source_rows_ = self._drawn(draw, len(X))
        self.target_rows_ = self._drawn(draw, len(X_target))
        cloud = PointCloud(
            torch.as_tensor(X[self.source_rows_]),
            torch.as_tensor(X_target[self.target_rows_]),
            self.cost,
        )
        problem = Problem(cloud)
        if isinstance(transport, CloudFit):
            self.map_ = transport.fit(problem)
        else:
            maps = by_name(self.map, MAPS, (PlanFit,), "map")
            self.solution_ = transport.solve(problem, report=report)
            self.map_ = maps.fit(self.solution_)

    def _drawn(self, draw: np.random.RandomState, length: int) -> NDArray:
        """Return the rows that take part in the plan, ascending."""
        if self.subsample is None:
            return np.arange(length)
        if isinstance(self.subsample, bool) or not self.subsample >= 1:
            required, remedy = "a positive number of rows or None", "pass for example 2560"
            got = repr(self.subsample)
            raise InputError(sentence("Adapter", "subsample", required, got, remedy))
        return np.sort(draw.permutation(length)[: int(self.subsample)])

    def _move(self, X: NDArray) -> NDArray:
        """Apply the map, keeping the type of ``X``."""
        if self.map_ is None:
            return X
        moved: NDArray = self.map_(torch.as_tensor(X)).cpu().numpy().astype(X.dtype, copy=False)
        return moved

    def _checked(self, X: Any) -> NDArray:
        check_is_fitted(self, "classifier_")
        checked: NDArray = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        return checked

    def transform(self, X: Any) -> NDArray:
        """Move source rows to where the target is, (k, d) -> (k, d)."""
        return self._move(self._checked(X))

    def predict(self, X: Any) -> NDArray:
        """Classify target rows, (k, d) -> (k,)."""
        X = self._checked(X)
        predicted: NDArray = self.classifier_.predict(X)
        return predicted

    def predict_proba(self, X: Any) -> NDArray:
        """Return the class probabilities of target rows, (k, d) -> (k, L)."""
        X = self._checked(X)
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
            If the transport has no plan.
        """
        check_is_fitted(self, "classifier_")
        if self.solution_ is None:
            required, got = "one that has a plan", repr(self.transport)
            remedy = "use for example transport='sinkhorn'"
            raise InputError(sentence("Adapter.propagate", "transport", required, got, remedy))
        labels = np.searchsorted(self.classes_, self._source_labels[self.source_rows_])
        one_hot = torch.nn.functional.one_hot(torch.as_tensor(labels), len(self.classes_))
        votes = self.solution_.plan.push(one_hot)
        shares: NDArray = (votes / votes.sum(1, keepdim=True)).cpu().numpy()
        return shares
