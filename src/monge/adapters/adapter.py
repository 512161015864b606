"""A classifier carried from a labelled source to an unlabelled target."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from monge._types import CostName, NDArray
from monge.adapters.auto import Auto
from monge.adapters.centring import taken_off
from monge.adapters.checks import check_rows, device_of, require_no_target
from monge.adapters.choosing import choose
from monge.adapters.classifiers import is_regression, may_have, tagged
from monge.adapters.domains import read_source, read_target
from monge.adapters.finding import asked_of, find, nothing_found
from monge.adapters.labels import class_labels
from monge.adapters.moving import as_given, move
from monge.adapters.named import Transport
from monge.adapters.options import OptionsEstimator
from monge.adapters.prior import check_prior
from monge.adapters.reach import Reach, distance_to, reach_of
from monge.adapters.saving import SavedEstimator
from monge.adapters.training import in_columns, taught
from monge.adapters.votes import plan_votes
from monge.errors import InputError, MongeWarning, sentence
from monge.geometry.costs import CostFunction
from monge.maps import PlanFit
from monge.memory import DEFAULT_BUDGET
from monge.progress import Report, silent

__all__ = ["Adapter"]


class Adapter(SavedEstimator, OneToOneFeatureMixin, TransformerMixin, OptionsEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Move the labelled source onto the target, then train a classifier there.

    Parameters
    ----------
    transport
        What moves the source: a name among `monge.adapters.TRANSPORTS`, or an object such as
        ``Sinkhorn(epsilon=0.1)``; ``"auto"`` tries several and takes the one that the verdict
        chooses, or none, see `monge.adapters.Auto`.
    map
        What makes a function of a plan: ``"barycentric"``, ``"entropic"`` or an object. Not used
        by transports that have no plan.
    classifier
        A name among `monge.adapters.CLASSIFIERS`, or any scikit-learn classifier or regressor; it
        is cloned. By default the nearest neighbour.
    cost
        Cost of the plan, see `monge.PointCloud`.
    subsample
        Rows of each side that the plan is made of, drawn at random; ``None`` takes all. The map
        extends the plan to the rest.
    device
        Where the plan and the map are worked out, such as ``"cuda"``; by default where the tensors
        lie, and the CPU for everything else. What comes back lies where what was passed lay.
    target_prior
        Class proportions of the target that the source is weighted by, in the plan and in the
        classifier: ``None`` leaves them as they are, ``"estimate"`` finds them without labels (see
        `monge.adapters.label_shift`: it assumes that rows of one class look alike in both domains),
        and one share for each class, or a mapping from label to share, gives them.
    random_state
        Seed of the draws: an integer, a ``numpy.random.RandomState`` or ``None``.

    Attributes
    ----------
    classes_
        Labels seen in `fit`, (L,); there are none for a regressor.
    map_
        The fitted `monge.maps.Map`; ``None`` where `fit` got no target.
    solution_
        The plan with its certificate; ``None`` for transports without a plan, and once loaded.
    certificate_
        The plan's certificate as plain numbers; ``None`` for transports without a plan.
    classifier_
        The classifier, trained on the moved source.
    centre_
        What is taken off each row before `classifier_` sees it, (d,): the mean of rows that lie far
        from the origin, where it measures distances; ``None`` where nothing is.
    source_rows_, target_rows_
        Rows that the plan was made of, ascending; none where `fit` got no target.
    target_prior_
        The proportions used, a `monge.adapters.TargetPrior` with its interval, or ``None``.
    verdict_
        The `monge.verdict.Verdict` by which the transport was chosen, where it is ``"auto"``.
    transport_
        The transport that was chosen then; one that moves nothing where the verdict is not to
        adapt.
    trials_
        What was tried for it: its table of candidates.
    target_sample_
        At most 500 rows of the target (k, d), to tell what is far from it.
    far_
        Distance to the sample beyond which a row counts as far: the 99th percentile of the
        distances within the sample.
    n_features_in_
        Features d.
    feature_names_in_
        Their names, where `fit` got a data frame.

    Notes
    -----
    NumPy arrays, data frames, tensors on any device and sparse matrices are taken; a tensor comes
    back from `transform` as a tensor on its device. A sparse matrix is made dense, within the
    ``memory`` of the transport.

    A row goes where it goes alone, ``transform(X)[i] == transform(X[i:i+1])[0]``, up to the
    rounding of a matrix product, which depends on its size.

    In a grid search scikit-learn cuts every array that has as many rows as X along with X, a target
    of just as many rows too: give it another number.

    What a grid search scores by default are held-out rows of the *source*, as they come, with a
    classifier made for the target. That tells nothing of the target, and prefers the transport that
    moves the least. No single score without target labels is known to choose well: leave the choice
    to ``transport="auto"``, which weighs many and may abstain, or choose by reason and compare with
    the simple transports. Where a few target rows have labels, keep these out of
    ``y_target`` and score on them, whatever rows the search hands over::

        def on_target(adapter, X, y):
            return adapter.score(X_labelled, y_labelled)

        GridSearchCV(Adapter(), grid, scoring=on_target).fit(X, y, X_target=X_target)

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
        transport: str | Transport | Auto = "sinkhorn",
        *,
        map: str | PlanFit = "barycentric",  # noqa: A002 - the field's word, and a keyword only
        classifier: Any = None,
        cost: CostName | CostFunction = "sqeuclidean",
        subsample: int | None = None,
        device: str | torch.device | None = None,
        target_prior: Any = None,
        random_state: Any = None,
    ) -> None:
        self.transport = transport
        self.map = map
        self.classifier = classifier
        self.cost = cost
        self.subsample = subsample
        self.device = device
        self.target_prior = target_prior
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Be a classifier, or a regressor where the classifier is one."""
        return tagged(super().__sklearn_tags__(), self.classifier)

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        X_target: Any = None,
        y_target: Any = None,
        sample_weight: Any = None,
        target_weight: Any = None,
        target_views: Any = None,
        source_views: Any = None,
        report: Report = silent,
    ) -> Adapter:
        """Find the transport from source to target and train the classifier on the moved source.

        Parameters
        ----------
        X
            Source, (n, d).
        y
            Its labels (n,), at least two classes; numbers if the classifier is a regressor.
        X_target
            Target, (m, d). Without it there is nothing to adapt to: the classifier is trained on
            the source as it is, and a warning says so.
        y_target
            Labels of the target where they are known (m,), ``None``, NaN or ``pandas.NA`` where
            they are not, or a NumPy masked array; no label is special. What is known keeps sources
            of other classes away in the plan, and joins the training rows of the classifier.
        sample_weight, target_weight
            Weights of the rows, (n,) and (m,): the marginals of the plan, and weights of the
            classifier if it takes them. A row of weight zero does not count at all.
        target_views
            What else is known of the target rows, such as the pixels behind their features: a list
            of matrices (m, k), in which ``transport="graph"`` seeks neighbours too.
        source_views
            The same views of the source rows, (n, k) each: then each view sends a plan and votes.
        report
            Told the progress of the plan.

        Raises
        ------
        InputError
            If the data is not finite, a side is empty or has other features, there is one class
            only, or a parameter is out of its range.
        MemoryBudgetError
            If a sparse matrix, or the plan, does not fit.
        ConvergenceError
            If the plan did not converge. An adapter that was fitted before stays as it was.
        """
        views = target_views is not None or source_views is not None
        asked = asked_of(self, semi_supervised=y_target is not None, views=views)
        memory = getattr(asked.transport, "memory", DEFAULT_BUDGET)
        regression = is_regression(self.classifier)
        source = read_source(
            self, X, y, sample_weight, source_views, regression=regression, memory=memory
        )
        prior = check_prior(self.target_prior, source.classes)
        if X_target is None:
            require_no_target(y_target, target_weight, self.target_prior)
            warnings.warn(
                "Adapter.fit: X_target is missing, so nothing is adapted and the classifier is "
                "trained on the source as it is; pass X_target=... to adapt.",
                MongeWarning,
                stacklevel=2,
            )
            target, found = None, nothing_found(prior)
        else:
            target = read_target(
                self,
                X_target,
                y_target,
                target_weight,
                target_views,
                classes=source.classes,
                memory=memory,
            )
            if isinstance(asked.transport, Auto):
                choose(self, asked.transport, source, target, report)
                return self
            device = device_of(X, self.device)
            found = find(self, asked, source, target, prior, device, report)
        classifier, centre, votes = taught(self.classifier, found, source, target)
        warning = found.prior.warning() if found.prior else None
        if warning:
            warnings.warn(warning, MongeWarning, stacklevel=2)
        # Only now, so that a fit that fails changes nothing.
        for other in ("_kept", "verdict_", "transport_"):  # of a fit that was loaded, or that chose
            self.__dict__.pop(other, None)
        self.target_prior_, self.map_, self.solution_, rows = found
        self.source_rows_ = source.rows[rows.source]
        self.target_rows_ = target.rows[rows.target] if target else rows.target
        reach = reach_of(target.X) if target else Reach(source.X[:0], np.inf)
        self.target_sample_, self.far_ = reach
        self.classifier_, self.centre_, self._plan_map = classifier, centre, asked.map
        self._plan_labels, self._votes = source.y[rows.source], votes
        if source.classes is None:
            self.__dict__.pop("classes_", None)
        else:
            self.classes_ = source.classes
        return self

    def _checked(self, X: Any, verb: str) -> NDArray:
        check_is_fitted(self, "classifier_")
        return check_rows(self, X, verb)

    def _seen(self, X: Any, verb: str) -> NDArray:
        """Return checked rows as the classifier sees them."""
        return taken_off(self._checked(X, verb), self.centre_)

    def transform(self, X: Any) -> Any:
        """Move source rows to where the target is, (k, d) -> (k, d).

        Under partial transport a row that was left behind follows its nearest row that was moved.
        """
        return as_given(move(self.map_, self._checked(X, "transform")), X)

    def inverse_transform(self, X: Any) -> Any:
        """Move target rows to where the source is, (k, d) -> (k, d).

        The inverse of an affine map; of a plan, the map of the plan read from the target's side,
        which does not undo `transform` row by row. It costs a pass over the plan. A plan of
        prototypes sends a class as one, so that each target row comes from the means of the
        classes that feed it, in their shares.

        Raises
        ------
        InputError
            If there is no way back, with the reason.
        """
        X_checked = self._checked(X, "inverse_transform")
        if self.map_ is None:
            return as_given(X_checked, X)
        return as_given(move(self._way_back(), X_checked), X)

    def predict(self, X: Any) -> NDArray:
        """Classify target rows, (k, d) -> (k,); numbers if the classifier is a regressor."""
        X = self._seen(X, "predict")
        predicted: NDArray = self.classifier_.predict(X)
        return predicted

    @available_if(may_have("predict_proba"))  # type: ignore[untyped-decorator] # scikit-learn ships no types
    def predict_proba(self, X: Any) -> NDArray:
        """Return the class probabilities of target rows, (k, d) -> (k, L)."""
        X = self._seen(X, "predict_proba")
        shares: NDArray = self.classifier_.predict_proba(X)
        return in_columns(shares, self.classes_, self.classifier_.classes_)

    @available_if(may_have("decision_function"))  # type: ignore[untyped-decorator] # scikit-learn ships no types
    def decision_function(self, X: Any) -> NDArray:
        """Return the classifier's scores of target rows, (k, d) -> (k,) or (k, L)."""
        X = self._seen(X, "decision_function")
        scores: NDArray = self.classifier_.decision_function(X)
        return scores

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on labelled target rows (k, d), (k,); R2 of a regressor."""
        predicted = self.predict(X)
        if is_regression(self.classifier):
            return float(r2_score(y, predicted, sample_weight=sample_weight))
        labels = class_labels(y, caller="Adapter.score")
        return float(accuracy_score(labels, predicted, sample_weight=sample_weight))

    def target_distance(self, X: Any) -> NDArray:
        """Return how far target rows are from those of `fit`, (k, d) -> (k,) float64.

        The Euclidean distance to the nearest row of ``target_sample_``, in units of the features.

        Raises
        ------
        InputError
            If `fit` got no target.
        """
        X = self._checked(X, "target_distance")
        self._require_target("target_distance")
        return distance_to(self.target_sample_, X)

    def is_far(self, X: Any) -> NDArray:
        """Say of target rows whether they lie beyond ``far_``, (k, d) -> (k,) booleans.

        About one in a hundred rows of the same target does; many more say that the data has moved
        on. The errors are those of `target_distance`.
        """
        return self.target_distance(X) > self.far_

    def propagate(self) -> NDArray:
        """Carry the source labels through the plan: soft votes of the target rows in it.

        Returns
        -------
        ndarray
            (m, L): for each of ``target_rows_`` the share of its mass that comes from each class
            (Redko et al. 2019, label propagation); columns follow ``classes_``. For a regressor the
            mean of its numbers, (m,). A target row that gets no mass, as under partial transport,
            gets the shares of the whole plan.

        Raises
        ------
        InputError
            If the transport has no plan, `fit` got no target, or the adapter was loaded.
        """
        check_is_fitted(self, "classifier_")
        self._require_target("propagate")
        if self.solution_ is None:
            required, got = "one that has a plan", repr(self.transport)
            remedy = "use for example transport='sinkhorn', or fit it anew: no plan is saved"
            raise InputError(sentence("Adapter.propagate", "transport", required, got, remedy))
        votes: NDArray | None = getattr(self, "_votes", None)
        if votes is not None:
            return votes.copy()
        classes = getattr(self, "classes_", None)
        return plan_votes(self.solution_.plan, self._plan_labels, classes, self.target_prior_)

    def _require_target(self, verb: str) -> None:
        if self.map_ is None:
            required, remedy = "given to fit", "pass X_target to fit"
            raise InputError(sentence(f"Adapter.{verb}", "X_target", required, "none", remedy))
