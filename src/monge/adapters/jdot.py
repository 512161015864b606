"""The scikit-learn face of joint distribution transport."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from monge._types import CostName, NDArray
from monge.adapters.checks import check_rows, require_no_target
from monge.adapters.classifiers import classifier_of, is_regression, may_have, tagged
from monge.adapters.domains import read_source, read_target
from monge.adapters.labels import class_labels
from monge.adapters.learning import Learner, fit_weighted
from monge.adapters.moving import Rows, state_problem
from monge.adapters.training import in_columns
from monge.errors import ConvergenceError, InputError, MemoryBudgetError, MongeWarning
from monge.geometry.costs import CostFunction
from monge.joint import JointTransport
from monge.maps.independence import warn_of_independence
from monge.memory import DEFAULT_BUDGET
from monge.progress import Report, silent

__all__ = ["JDOT"]


@contextmanager
def _speaking() -> Iterator[None]:
    """Let errors of what is shared with `monge.Adapter` name this estimator."""
    try:
        yield
    except (InputError, MemoryBudgetError, ConvergenceError) as error:
        said = str(error)
        for name in ("Adapter", "JointTransport"):
            if said.startswith(name):
                error.args = (f"JDOT{said.removeprefix(name)}",)
        raise


class JDOT(BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Train a classifier or regressor on the target, and the plan that gives it labels, together.

    Joint distribution optimal transport (Courty et al. 2017): source and target rows are matched by
    where they lie and by how well the classifier predicts the label that would be carried over, by
    turns with the training of the classifier on what is carried. Nothing is moved: the classifier
    is one of target rows.

    Parameters
    ----------
    classifier
        A name among `monge.adapters.CLASSIFIERS`, or any scikit-learn classifier or regressor; it
        is cloned. Its loss is the cross-entropy if it has ``predict_proba``, else the hinge if it
        has ``decision_function``, else the share of wrong answers; the squared error for a
        regressor, in units of the variance of the source. One that takes no ``sample_weight`` is
        trained on the label that most of the mass brings. It puts the plan right where it
        cannot follow every label that the plan brings, so regularise it well, for example
        ``RidgeClassifier(alpha=100)``.
    alpha
        What the mean cost between two rows weighs beside a loss of one, positive.
    epsilon
        Strength of the entropy in units of the mean cost between the rows; 0 asks for the exact
        plan, as in the paper.
    rounds
        Turns at the most.
    tolerance
        Share of the labels, by mass, that still changes in a turn when the turns end.
    cost
        Of moving a row, see `monge.PointCloud`.

    Attributes
    ----------
    classifier_
        The classifier, trained on the target.
    classes_
        Labels seen in `fit`, (L,); there are none for a regressor.
    solution_
        The last plan, a `monge.solvers.Solution`, whose status says whether the turns settled;
        ``None`` where `fit` got no target.
    n_features_in_, feature_names_in_
        Features d, and their names where `fit` got a data frame.

    Examples
    --------
    >>> import numpy as np
    >>> generator = np.random.default_rng(0)
    >>> X = generator.normal(size=(40, 2)) + np.repeat([[0, 0], [6, 0]], 20, axis=0)
    >>> y = np.repeat(["left", "right"], 20)
    >>> JDOT().fit(X, y, X_target=X + [4, 1]).score(X + [4, 1], y)
    1.0
    """

    def __init__(
        self,
        classifier: Any = "logistic",
        *,
        alpha: float = 1.0,
        epsilon: float = 0.1,
        rounds: int = 200,
        tolerance: float = 3e-3,
        cost: CostName | CostFunction = "sqeuclidean",
    ) -> None:
        self.classifier = classifier
        self.alpha = alpha
        self.epsilon = epsilon
        self.rounds = rounds
        self.tolerance = tolerance
        self.cost = cost

    def __sklearn_tags__(self) -> Any:
        """Be a classifier, or a regressor where the classifier is one."""
        return tagged(super().__sklearn_tags__(), self.classifier)

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        X_target: Any = None,
        sample_weight: Any = None,
        target_weight: Any = None,
        report: Report = silent,
    ) -> JDOT:
        """Find the plan from source to target and train the classifier on the labels it carries.

        Parameters
        ----------
        X, y
            Source, (n, d), and its labels, or numbers for a regressor, (n,).
        X_target
            Target, (m, d). Without it the classifier is trained on the source, and a warning says
            so.
        sample_weight, target_weight
            Weights of the rows, (n,) and (m,): the marginals of the plan. A row of weight zero does
            not count at all.
        report
            Told the progress, turn by turn.

        Raises
        ------
        InputError
            If the data is not finite, a side is empty or has other features, there is one class
            only, or a parameter is out of its range.
        ConvergenceError
            If a plan did not converge, or the labels did not settle within the rounds.
        """
        with _speaking():
            options = JointTransport(
                epsilon=self.epsilon,
                alpha=self.alpha,
                rounds=self.rounds,
                tolerance=self.tolerance,
            )
            model = classifier_of(self.classifier)
            source = read_source(
                self,
                X,
                y,
                sample_weight,
                regression=is_regression(model),
                memory=DEFAULT_BUDGET,
            )
            if X_target is None:
                require_no_target(None, target_weight, None)
                warnings.warn(
                    "JDOT.fit: X_target is missing, so nothing is adapted and the classifier is "
                    "trained on the source as it is; pass X_target=... to adapt.",
                    MongeWarning,
                    stacklevel=2,
                )
                fitted, solution = (
                    fit_weighted(clone(model), source.X, source.y, source.weight),
                    None,
                )
            else:
                target = read_target(
                    self,
                    X_target,
                    None,
                    target_weight,
                    None,
                    classes=source.classes,
                    memory=DEFAULT_BUDGET,
                )
                rows = Rows(np.arange(len(source.X)), np.arange(len(target.X)))
                problem = state_problem(
                    source, target, rows, cost=self.cost, prior=None, device=torch.device("cpu")
                )
                weight = target.weight
                learner = Learner(
                    model,
                    target.X,
                    source.y,
                    source.classes,
                    total=None if weight is None else float(weight.sum()),
                )
                solution = options.alternate(problem, learner.said, learner, report=report)
                warn_of_independence(solution, "JDOT.fit")
                learner(solution.plan.push(learner.said))
                fitted = learner.fitted
        self.classifier_, self.solution_ = fitted, solution
        if source.classes is None:
            self.__dict__.pop("classes_", None)
        else:
            self.classes_ = source.classes
        return self

    def _checked(self, X: Any, verb: str) -> NDArray:
        check_is_fitted(self, "classifier_")
        with _speaking():
            return check_rows(self, X, verb)

    def predict(self, X: Any) -> NDArray:
        """Predict the labels of target rows, (k, d) -> (k,); numbers if it is a regressor."""
        X = self._checked(X, "predict")
        predicted: NDArray = self.classifier_.predict(X)
        return predicted

    @available_if(may_have("predict_proba"))  # type: ignore[untyped-decorator] # scikit-learn ships no types
    def predict_proba(self, X: Any) -> NDArray:
        """Return the class probabilities of target rows, (k, d) -> (k, L)."""
        X = self._checked(X, "predict_proba")
        shares: NDArray = self.classifier_.predict_proba(X)
        return in_columns(shares, self.classes_, self.classifier_.classes_)

    @available_if(may_have("decision_function"))  # type: ignore[untyped-decorator] # scikit-learn ships no types
    def decision_function(self, X: Any) -> NDArray:
        """Return the classifier's scores of target rows, (k, d) -> (k,) or (k, L)."""
        X = self._checked(X, "decision_function")
        scores: NDArray = self.classifier_.decision_function(X)
        return scores

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on labelled target rows (k, d), (k,); R2 of a regressor."""
        predicted = self.predict(X)
        if is_regression(self.classifier):
            return float(r2_score(y, predicted, sample_weight=sample_weight))
        labels = class_labels(y, caller="JDOT.score")
        return float(accuracy_score(labels, predicted, sample_weight=sample_weight))
