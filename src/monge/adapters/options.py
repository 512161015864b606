"""Frozen options as nested parameters, so that ``transport__epsilon`` works in a grid search."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from sklearn.base import BaseEstimator

from monge.adapters.auto import Auto
from monge.adapters.classifiers import classifier_of
from monge.adapters.named import CHOICES, MAPS, by_name
from monge.errors import InputError, sentence
from monge.maps import CloudFit, PlanFit
from monge.solvers import Solver

__all__ = ["OptionsEstimator"]


class OptionsEstimator(BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """An estimator whose parameters may be frozen dataclasses or names of them.

    Nested parameters of such options are read by `get_params` and replaced, never changed in
    place, by `set_params`.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - scikit-learn's signature
        """Return the parameters; with ``deep`` those of nested options too."""
        params: dict[str, Any] = super().get_params(deep=deep)
        if deep:
            for name in ("transport", "map"):
                options = self._options(name)
                if is_dataclass(options):
                    nested = {f.name: getattr(options, f.name) for f in fields(options)}
                    params |= {f"{name}__{key}": value for key, value in nested.items()}
        return params

    def set_params(self, **params: Any) -> OptionsEstimator:
        """Set parameters; ``transport__epsilon=0.1`` replaces the transport by one with it.

        Raises
        ------
        InputError
            If the nested options have no such parameter.
        """
        own = {k: v for k, v in params.items() if k.partition("__")[0] not in ("transport", "map")}
        self._make_classifier(own)
        super().set_params(**own)
        for name in ("transport", "map"):
            if name in params:
                setattr(self, name, params[name])
            prefix = f"{name}__"
            nested = {k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)}
            if nested:
                setattr(self, name, self._replaced(name, nested))
        return self

    def _make_classifier(self, params: dict[str, Any]) -> None:
        """Replace the name of a classifier by the object, where parameters of it are to be set."""
        if any(key.startswith("classifier__") for key in params):
            chosen = params.pop("classifier", getattr(self, "classifier", None))
            named = chosen is None or isinstance(chosen, str)
            self.__dict__["classifier"] = classifier_of(chosen) if named else chosen

    def _replaced(self, name: str, nested: dict[str, Any]) -> object:
        options = self._options(name)
        known = {f.name for f in fields(options)} if is_dataclass(options) else set()
        unknown = sorted(set(nested) - known)
        if unknown or not is_dataclass(options) or isinstance(options, type):
            required = f"given parameters among {sorted(known) or 'none'}"
            remedy = f"look at get_params() of {getattr(self, name)!r}"
            raise InputError(sentence(type(self).__name__, name, required, unknown, remedy))
        return replace(options, **nested)

    def _options(self, name: str) -> object:
        """Return the options that a parameter stands for, or what it is if it stands for none."""
        value = getattr(self, name)
        names: dict[str, Any] = {**CHOICES} if name == "transport" else {**MAPS}
        if isinstance(value, str) and value in names:
            return by_name(value, names, (Solver, CloudFit, PlanFit, Auto), name)
        return value
