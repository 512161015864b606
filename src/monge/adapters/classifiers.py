"""The classifiers that have a name, and how a fitted one is stored without pickle.

A nearest-neighbour classifier is its training rows, so its arrays are stored and it is fitted
again: the same, to the bit. Any other goes through skops, which writes JSON and arrays and, asked
to load them, makes no object of a type that it does not trust.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sklearn
from sklearn.base import is_regressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import ClassifierTags, RegressorTags

from monge._types import NDArray
from monge.adapters.encoding import Decoder, Encoder, rows_among
from monge.adapters.words import first_line
from monge.errors import InputError, MongeWarning, StoreError, sentence

__all__ = [
    "CLASSIFIERS",
    "classifier_of",
    "decode_classifier",
    "encode_classifier",
    "is_regression",
    "may_have",
    "tagged",
    "votes_decide",
]

CLASSIFIERS: Mapping[str, Callable[[], Any]] = {
    "nearest": lambda: KNeighborsClassifier(n_neighbors=1, algorithm="brute"),
    "neighbours": lambda: KNeighborsClassifier(n_neighbors=5, algorithm="brute"),
    "centroid": NearestCentroid,
    "bayes": GaussianNB,
    "discriminant": LinearDiscriminantAnalysis,
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "svm": lambda: make_pipeline(StandardScaler(), SVC()),
}
"""Classifiers by name, with the defaults that a name stands for."""

_DEFAULT = "nearest"
_INSTALL = "pip install 'monge[skops]', or use a nearest-neighbour classifier"


def classifier_of(value: Any) -> Any:
    """Return the unfitted classifier that a parameter stands for: one by name, or as it is.

    ``None`` is the nearest neighbour.

    Raises
    ------
    InputError
        If it is neither a known name nor an object with ``fit`` and ``predict``.
    """
    name = _DEFAULT if value is None else value
    if isinstance(name, str) and name in CLASSIFIERS:
        return CLASSIFIERS[name]()
    whole = not isinstance(value, type) and hasattr(value, "fit") and hasattr(value, "predict")
    if not whole:
        required = f"one of {', '.join(map(repr, CLASSIFIERS))} or a scikit-learn classifier"
        remedy = f"pass for example classifier={_DEFAULT!r}"
        raise InputError(sentence("Adapter", "classifier", required, repr(value), remedy))
    return value


def is_regression(classifier: Any) -> bool:
    """Say whether what is to be trained is a regressor; those by name are not."""
    return hasattr(classifier, "__sklearn_tags__") and bool(is_regressor(classifier))


def tagged(tags: Any, classifier: Any) -> Any:
    """Make scikit-learn's tags of an adapter those of a classifier, or of a regressor."""
    tags.input_tags.sparse = True
    tags.target_tags.required = True
    if is_regression(classifier):
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
    else:
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
    return tags


def may_have(method: str) -> Callable[[Any], bool]:
    """Return the test whether the classifier of an adapter, fitted or not, has a method."""

    def check(adapter: Any) -> bool:
        classifier = getattr(adapter, "classifier_", adapter.classifier)
        if classifier is None or isinstance(classifier, str):
            named = CLASSIFIERS.get(_DEFAULT if classifier is None else classifier)
            return named is not None and hasattr(named(), method)
        return hasattr(classifier, method)

    return check


def encode_classifier(
    classifier: Any, encoder: Encoder, moved: NDArray | None = None
) -> dict[str, Any]:
    """Return a fitted classifier as JSON; its arrays go to the encoder.

    Parameters
    ----------
    classifier, encoder
        The classifier, and where its arrays go.
    moved
        Rows that can be made again (n, d): training rows among them are not stored.

    Raises
    ------
    InputError
        If it needs skops, which is missing or cannot write it.
    """
    if _is_neighbours(classifier):
        labels = classifier.classes_[classifier._y]  # noqa: SLF001 - kept nowhere else
        return {
            "kind": "neighbours",
            "parameters": encoder.encode(classifier.get_params(), "classifier.parameters"),
            "rows": _encode_rows(classifier._fit_X, encoder, moved),  # noqa: SLF001 - the same
            "labels": encoder.encode(labels, "classifier.labels"),
        }
    kind = type(classifier).__name__
    try:
        import skops.io  # noqa: PLC0415 - an extra
    except ImportError as error:
        required = "a nearest-neighbour classifier, or stored through skops"
        got = f"{kind} without skops"
        raise InputError(sentence("Adapter.save", "classifier", required, got, _INSTALL)) from error
    try:
        content = skops.io.dumps(classifier)
        unknown = skops.io.get_untrusted_types(data=content)
    except Exception as error:  # a user's own object may fail in any way
        required, got = "an object that skops can write", f"{kind} ({first_line(error)})"
        remedy = "use a classifier of scikit-learn, or keep the code that fits it"
        raise InputError(sentence("Adapter.save", "classifier", required, got, remedy)) from error
    return {
        "kind": "skops",
        "type": kind,
        "needs_trust": sorted(unknown),
        "scikit-learn": sklearn.__version__,
        "content": encoder.encode(np.frombuffer(content, dtype=np.uint8), "classifier.skops"),
    }


def _encode_rows(rows: NDArray, encoder: Encoder, moved: NDArray | None) -> Any:
    """Store training rows (k, d) but for those that are among rows that can be made again."""
    if moved is None or moved.dtype != rows.dtype:
        return encoder.encode(rows, "classifier.rows")
    if np.array_equal(rows, moved):
        return {"moved": None, "others": None}
    places = rows_among(rows, moved)
    others = rows[places < 0]
    if 2 * len(others) > len(rows):
        return encoder.encode(rows, "classifier.rows")
    return {
        "moved": encoder.encode(places, "classifier.places"),
        "others": encoder.encode(others, "classifier.rows"),
    }


def _decode_rows(stored: Any, decoder: Decoder, moved: Callable[[], NDArray]) -> NDArray:
    if set(stored) != {"moved", "others"}:
        whole: NDArray = decoder.decode(stored)
        return whole
    known = moved()
    if stored["moved"] is None:
        return known
    places = decoder.decode(stored["moved"])
    rows: NDArray = known[places]
    rows[places < 0] = decoder.decode(stored["others"])
    return rows


def decode_classifier(
    stored: Any, decoder: Decoder, trusted: Sequence[str], moved: Callable[[], NDArray]
) -> Any:
    """Return the fitted classifier of its JSON.

    Parameters
    ----------
    stored, decoder
        What `encode_classifier` returned, and the arrays.
    trusted
        Types, by their full names, that skops may make beyond those that it knows to be safe.
    moved
        Makes the rows again that `encode_classifier` was told of.

    Raises
    ------
    StoreError
        If it needs skops, which is missing, refuses a type or cannot read it.
    """
    if stored["kind"] == "neighbours":
        classifier = KNeighborsClassifier(**decoder.decode(stored["parameters"]))
        rows = _decode_rows(stored["rows"], decoder, moved)
        return classifier.fit(rows, decoder.decode(stored["labels"]))
    if stored["kind"] != "skops":
        raise ValueError(f"a classifier of kind {stored['kind']!r}")
    content = decoder.decode(stored["content"]).tobytes()
    try:
        import skops.io  # noqa: PLC0415 - an extra
    except ImportError as error:
        required, got = "read with skops", f"{stored['type']} without skops"
        remedy = "pip install 'monge[skops]'"
        raise StoreError(sentence("monge.load", "classifier", required, got, remedy)) from error
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(data=content)) - set(trusted))
    except Exception as error:  # bytes that are no such archive fail in many ways
        got, remedy = f"bytes that are not ({first_line(error)})", "save it again"
        required = "what skops wrote"
        raise StoreError(sentence("monge.load", "classifier", required, got, remedy)) from error
    if unknown:
        required = "made of types that skops knows to be safe"
        remedy = "if you trust who made it, pass trusted=[...] with these names"
        got = ", ".join(unknown)
        raise StoreError(sentence("monge.load", "classifier", required, got, remedy))
    if stored["scikit-learn"] != sklearn.__version__:
        warnings.warn(
            f"monge.load: the classifier was fitted with scikit-learn {stored['scikit-learn']} and "
            f"this is {sklearn.__version__}; fit it again if its answers differ.",
            MongeWarning,
            stacklevel=3,
        )
    with warnings.catch_warnings():  # the version has been said in one sentence
        warnings.simplefilter("ignore", sklearn.exceptions.InconsistentVersionWarning)
        return skops.io.loads(content, trusted=list(trusted))


def votes_decide(classifier: Any) -> bool:
    """Whether the largest probability, the first of equals, is always what is predicted.

    It is for neighbours that all count alike, and there it spares a second search.
    """
    return type(classifier) is KNeighborsClassifier and classifier.weights == "uniform"


def _is_neighbours(classifier: Any) -> bool:
    """Whether its parameters and rows say all there is to say."""
    return (
        type(classifier) is KNeighborsClassifier
        and all(isinstance(v, int | str | float | None) for v in classifier.get_params().values())
        and isinstance(classifier._fit_X, np.ndarray)  # noqa: SLF001 - scikit-learn's own place
        and np.ndim(classifier._y) == 1  # noqa: SLF001 - the same
    )
