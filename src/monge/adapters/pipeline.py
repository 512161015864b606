"""Steps before an adapter, applied to the target as well.

scikit-learn's own `Pipeline` hands a target to its last step as it came, unscaled, unless metadata
routing is switched on for the whole process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import make_pipeline as named_steps
from sklearn.utils import Bunch, get_tags
from sklearn.utils.metaestimators import (
    _BaseComposition,  # abstract: what Pipeline and ColumnTransformer share
    available_if,
)
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from monge._types import NDArray
from monge.adapters.adapter import Adapter
from monge.errors import InputError, sentence
from monge.progress import Report, silent

__all__ = ["AdapterPipeline", "make_pipeline"]


def make_pipeline(*steps: Any) -> AdapterPipeline:
    """Chain transformers before an `Adapter`; steps are named by their classes in lower case.

    Parameters
    ----------
    steps
        Transformers, and an `Adapter` as the last.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = np.random.default_rng(0).normal(size=(40, 2)) * [1, 1000]
    >>> y = X[:, 0] > 0
    >>> pipe = make_pipeline(StandardScaler(), Adapter("sinkhorn"))
    >>> pipe.fit(X, y, X_target=X + [3, 0]).score(X + [3, 0], y) > 0.9
    True
    """
    return AdapterPipeline(named_steps(*steps).steps)


def _adapter_has(method: str) -> Callable[[AdapterPipeline], bool]:
    """Whether the last step does."""
    return lambda pipe: hasattr(pipe.steps[-1][1], method)


class AdapterPipeline(_BaseComposition):  # type: ignore[misc] # scikit-learn ships no types
    """Transformers that are fitted on the source, and an adapter of what they make of both domains.

    One function for both: the transformers learn from the source alone, as they would without a
    target, and the target goes through them unchanged in `fit` as in `predict`; what then differs
    between the domains is for the transport to see. To scale each domain by its own moments use the
    transport ``"standardise"``.

    Parameters
    ----------
    steps
        Names and steps, ``[(name, transformer), ..., (name, adapter)]``. ``"passthrough"`` leaves a
        transformer out. Steps are cloned, never fitted in place.

    Attributes
    ----------
    steps_
        The fitted steps.
    classes_
        Labels seen in `fit`, (L,); there are none for a regressor.
    n_features_in_, feature_names_in_
        What the first step saw.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = np.random.default_rng(0).normal(size=(40, 2)) * [1, 1000]
    >>> y = X[:, 0] > 0
    >>> pipe = AdapterPipeline([("scale", StandardScaler()), ("adapt", Adapter())])
    >>> pipe = pipe.set_params(adapt__transport="coral").fit(X, y, X_target=X + [3, 0])
    >>> pipe.score(X + [3, 0], y) > 0.9
    True
    """

    def __init__(self, steps: list[tuple[str, Any]]) -> None:
        self.steps = steps

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - scikit-learn's signature
        """Return the parameters; with ``deep`` the steps and theirs too."""
        params: dict[str, Any] = self._get_params("steps", deep=deep)
        return params

    def set_params(self, **params: Any) -> AdapterPipeline:
        """Set parameters, such as ``adapter__transport__epsilon=0.1``."""
        self._set_params("steps", **params)
        return self

    def __sklearn_tags__(self) -> Any:
        """Be what the adapter is."""
        tags = super().__sklearn_tags__()
        last = get_tags(self.steps[-1][1])
        tags.estimator_type, tags.target_tags = last.estimator_type, last.target_tags
        tags.classifier_tags, tags.regressor_tags = last.classifier_tags, last.regressor_tags
        tags.transformer_tags = last.transformer_tags
        before = [step for _, step in self.steps[:-1] if not _passes(step)]
        tags.input_tags.sparse = all(get_tags(step).input_tags.sparse for step in before)
        return tags

    @property
    def named_steps(self) -> Bunch:
        """The steps by name, fitted where there was a fit."""
        return Bunch(**dict(getattr(self, "steps_", self.steps)))

    def __getitem__(self, name: str) -> Any:
        """Return a step by its name."""
        return self.named_steps[name]

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
    ) -> AdapterPipeline:
        """Fit the transformers on the source, then the adapter; see `Adapter.fit`.

        The transformers leave ``target_views`` and ``source_views`` as they are.

        The weights of the source reach the transformers that take ``sample_weight``.

        Raises
        ------
        InputError
            If the last step is no adapter, or an earlier one is no transformer; and as
            `Adapter.fit`.
        """
        before, (name, adapter) = self._checked_steps()
        fitted = []
        for label, step in before:
            if _passes(step):
                fitted.append((label, step))
                continue
            weights = {}
            if sample_weight is not None and has_fit_parameter(step, "sample_weight"):
                weights["sample_weight"] = sample_weight
            transformer = clone(step).fit(X, y, **weights)
            X = transformer.transform(X)
            X_target = None if X_target is None else transformer.transform(X_target)
            fitted.append((label, transformer))
        last = clone(adapter).fit(
            X,
            y,
            X_target=X_target,
            y_target=y_target,
            sample_weight=sample_weight,
            target_weight=target_weight,
            target_views=target_views,
            source_views=source_views,
            report=report,
        )
        self.steps_ = [*fitted, (name, last)]
        return self

    def _checked_steps(self) -> tuple[list[tuple[str, Any]], tuple[str, Any]]:
        *before, last = self.steps or [("", None)]
        self._validate_names([name for name, _ in self.steps])
        adapters = [name for name, step in before if isinstance(step, Adapter)]
        others = [name for name, step in before if not _passes(step) and not _transforms(step)]
        required = "transformers with an Adapter as the last"
        if not isinstance(last[1], Adapter):
            got, remedy = f"{last[1]!r} as the last", "pass the classifier to Adapter(classifier=)"
        elif adapters or others:
            got = f"{(adapters + others)[0]!r} before it"
            remedy = "put transformers before the Adapter and nothing behind it"
        else:
            return before, last
        raise InputError(sentence("AdapterPipeline", "steps", required, got, remedy))

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there was a fit."""
        return hasattr(self, "steps_")

    @property
    def classes_(self) -> NDArray:
        """Labels seen in `fit`, (L,)."""
        classes: NDArray = self._fitted_adapter().classes_
        return classes

    @property
    def n_features_in_(self) -> int:
        """Features of the rows that `fit` got."""
        return int(self._first().n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray:
        """Names of these features, where `fit` got a data frame."""
        names: NDArray = self._first().feature_names_in_
        return names

    def _first(self) -> Any:
        if not hasattr(self, "steps_"):
            raise AttributeError("the pipeline is not fitted")
        return next(step for _, step in self.steps_ if not _passes(step))

    def _fitted_adapter(self) -> Adapter:
        if not hasattr(self, "steps_"):
            raise AttributeError("the pipeline is not fitted")
        adapter: Adapter = self.steps_[-1][1]
        return adapter

    def _before(self, X: Any) -> Any:
        """Send rows through the transformers."""
        check_is_fitted(self)
        for _, step in self.steps_[:-1]:
            X = X if _passes(step) else step.transform(X)
        return X

    def transform(self, X: Any) -> Any:
        """Transform source rows and move them to where the target is, (k, d) -> (k, e)."""
        X = self._before(X)
        return self._fitted_adapter().transform(X)

    def fit_transform(self, X: Any, y: Any, **fit_params: Any) -> Any:
        """Fit, then transform the source; see `fit`."""
        return self.fit(X, y, **fit_params).transform(X)

    def inverse_transform(self, X: Any) -> Any:
        """Move target rows to where the source is, and back through the transformers."""
        check_is_fitted(self)
        for _, step in reversed(self.steps_):
            X = X if _passes(step) else step.inverse_transform(X)
        return X

    def predict(self, X: Any) -> NDArray:
        """Classify target rows, (k, d) -> (k,)."""
        X = self._before(X)
        return self._fitted_adapter().predict(X)

    @available_if(_adapter_has("predict_proba"))  # type: ignore[untyped-decorator] # scikit-learn ships no types
    def predict_proba(self, X: Any) -> NDArray:
        """Return the class probabilities of target rows, (k, d) -> (k, L)."""
        X = self._before(X)
        shares: NDArray = self._fitted_adapter().predict_proba(X)
        return shares

    @available_if(_adapter_has("decision_function"))  # type: ignore[untyped-decorator] # scikit-learn ships no types
    def decision_function(self, X: Any) -> NDArray:
        """Return the classifier's scores of target rows, (k, d) -> (k,) or (k, L)."""
        X = self._before(X)
        scores: NDArray = self._fitted_adapter().decision_function(X)
        return scores

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on labelled target rows, R2 of a regressor."""
        X = self._before(X)
        return self._fitted_adapter().score(X, y, sample_weight=sample_weight)

    def propagate(self) -> NDArray:
        """Carry the source labels through the plan; see `Adapter.propagate`."""
        check_is_fitted(self)
        return self._fitted_adapter().propagate()

    def target_distance(self, X: Any) -> NDArray:
        """Return how far transformed target rows are from those of `fit`, (k, d) -> (k,)."""
        X = self._before(X)
        return self._fitted_adapter().target_distance(X)

    def is_far(self, X: Any) -> NDArray:
        """Say of target rows whether they are far from those of `fit`, (k, d) -> (k,)."""
        X = self._before(X)
        return self._fitted_adapter().is_far(X)


def _passes(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _transforms(step: Any) -> bool:
    return hasattr(step, "fit") and hasattr(step, "transform")
