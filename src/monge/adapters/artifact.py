"""A fitted adapter as an artifact: ``config.json`` and ``arrays.safetensors``, never pickle.

What is stored is all that the fit learned but the plan, of which the certificate is kept: the map
and the classifier are what a new row needs. Everything is found by name in a fixed register, so
that loading runs no code that the artifact brings.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import torch
from sklearn.base import clone

from monge._types import NDArray, Tensor
from monge.adapters.centring import taken_off
from monge.adapters.certificate import Certificate
from monge.adapters.classifiers import decode_classifier, encode_classifier
from monge.adapters.encoding import Decoder, Encoder
from monge.adapters.named import MAPS, TRANSPORTS
from monge.adapters.prior import TargetPrior
from monge.adapters.words import first_line
from monge.errors import InputError, OutputError, StoreError, sentence
from monge.maps import KernelMap, Map, NearestExtension
from monge.store import load_arrays, load_config, require_whole, save_arrays
from monge.verdict import Verdict

__all__ = ["PRECISIONS", "Precision", "describe", "load_adapter", "save_adapter"]

Precision: TypeAlias = Literal["compact", "exact"]
"""How the points of an artifact are stored."""

KIND = "monge.adapter"
VERSION = 2
_LIBRARIES = ("monge", "numpy", "scikit-learn", "scipy", "torch")
_APART = frozenset({"_kept", "_votes", "classifier_", "solution_", "verdict_", "_metadata_request"})
"""Learned state that is stored in a way of its own, or not: the plan, and requests of routing."""

PRECISIONS: tuple[Precision, ...] = get_args(Precision)

_BYTES = {"anchors": 3, "images": 3, "y": 3, "rows": 3, "target_sample_": 3, "coefficients": 5}
"""Bytes a number of points in a compact artifact. Of a kernel's coefficients, large and of both
signs, the sum is what counts: they need more digits than it has."""

_BOUND = 1e-6
"""The most by which packing may change what a map gives, in units of the range of a column."""

_PROBES = 500
"""Rows of either kind on which that is measured."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """What is kept of a plan that is not stored.

    Attributes
    ----------
    certificate
        Its numbers; ``None`` for transports without a plan.
    inverse
        The map from target to source, where it was asked for.
    """

    certificate: Certificate | None
    inverse: Map | None


def save_adapter(
    adapter: Any,
    folder: str | os.PathLike[str],
    kept: Kept,
    notes: Mapping[str, Any] | None,
    precision: Precision,
) -> None:
    """Save a fitted adapter; see `Adapter.save`."""
    if precision not in PRECISIONS:
        required, remedy = " or ".join(map(repr, PRECISIONS)), "leave it out"
        raise InputError(sentence("Adapter.save", "precision", required, repr(precision), remedy))
    encoder = Encoder(classes=_classes(), sizes=_BYTES if precision == "compact" else {})
    given = adapter.get_params(deep=False)
    seed = given["random_state"]
    if seed is not None and not isinstance(seed, int | np.integer):
        required, remedy = "a whole number or None", "call set_params(random_state=None) first"
        raise InputError(sentence("Adapter.save", "random_state", required, repr(seed), remedy))
    own = {key: encoder.encode(v, key) for key, v in given.items() if key != "classifier"}
    # The map first, then the classifier: what is stored already is not stored again.
    state = {"map_": _stored_map(adapter, adapter.map_, encoder, "map_")}
    moved = _moved(adapter.map_, adapter.centre_)
    classifier = encode_classifier(adapter.classifier_, encoder, moved)
    state |= {
        key: encoder.encode(value, key)
        for key, value in vars(adapter).items()
        if key not in given and key not in _APART and key not in state
    }
    verdict: Verdict | None = getattr(adapter, "verdict_", None)
    inverse = _stored_map(adapter, kept.inverse, encoder, "inverse")
    config = {
        "kind": KIND,
        "version": VERSION,
        "class": type(adapter).__name__,
        "parameters": own | {"classifier": _given(given["classifier"])},
        "features": _features(adapter),
        "labels": adapter.classes_.tolist() if hasattr(adapter, "classes_") else None,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "certificate": encoder.encode(kept.certificate, "certificate"),
        "inverse": inverse,
        "classifier": classifier,
        "state": state,
        "verdict": verdict.to_json() if verdict is not None else None,
        "precision": {"asked": precision, "losses": encoder.losses},
        "notes": dict(notes or {}),
    }
    with _speaking("save_arrays", "Adapter.save"):
        save_arrays(folder, encoder.arrays, config)


def load_adapter(
    folder: str | os.PathLike[str], kinds: Mapping[str, type], trusted: Sequence[str]
) -> Any:
    """Load a fitted adapter of one of some classes; see `monge.load`."""
    with _speaking("load_arrays", "monge.load"):
        arrays, config = load_arrays(folder)
    _check_head(folder, config)
    decoder = Decoder(classes=_classes(), arrays=arrays)
    try:
        parameters = {
            key: decoder.decode(value)
            for key, value in config["parameters"].items()
            if key != "classifier"
        }
        state = {key: decoder.decode(value) for key, value in config["state"].items()}
        moved = partial(_moved, state["map_"], state["centre_"])
        classifier = decode_classifier(config["classifier"], decoder, trusted, moved)
        given = config["parameters"]["classifier"]
        if not isinstance(given, str):
            given = clone(classifier) if given else None
        adapter = kinds[config["class"]](classifier=given, **parameters)
        kept = Kept(
            certificate=decoder.decode(config["certificate"]),
            inverse=decoder.decode(config["inverse"]),
        )
        vars(adapter).update(state, classifier_=classifier, solution_=None, _kept=kept)
        if config.get("verdict") is not None:  # artifacts of before have none
            adapter.verdict_ = Verdict.from_json(config["verdict"])
        _check_whole(adapter, config)
    except StoreError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        got = f"{type(error).__name__}: {first_line(error)} in {folder}"
        required, remedy = "a whole adapter", "save it again"
        raise StoreError(sentence("monge.load", "path", required, got, remedy)) from error
    return adapter


def describe(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the checked configuration of a saved adapter; its arrays are compared, not loaded.

    Raises
    ------
    StoreError
        If it is no artifact of an adapter of this version, or is not what was saved.

    Examples
    --------
    >>> import tempfile
    >>> from monge import Adapter
    >>> adapter = Adapter("coral").fit([[0.0], [1.0], [8.0]], [0, 0, 1], X_target=[[3.0], [5.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     adapter.save(f"{folder}/adapter", notes={"from": "sensor 3"})
    ...     described = describe(f"{folder}/adapter")
    >>> described["class"], described["labels"], described["notes"]
    ('Adapter', [0, 1], {'from': 'sensor 3'})
    """
    with _speaking("load_arrays", "monge.load"):
        config = load_config(folder)
        _check_head(folder, config)
        require_whole(folder)
    return config


@contextmanager
def _speaking(inner: str, caller: str) -> Iterator[None]:
    """Let what the store says of a folder name the function that was called, and its parameter."""
    try:
        yield
    except (OutputError, StoreError) as error:
        said = str(error).removeprefix(f"{inner}: 'folder'")
        if said != str(error):
            error.args = (f"{caller}: 'path'{said}",)
        raise


def _moved(plan_map: Any, centre: NDArray | None) -> Any:
    """Return where a map sends its own anchors, as the classifier sees them, (n, d).

    A classifier is mostly trained on these rows. ``None`` for maps that have no anchors.
    """
    if isinstance(plan_map, NearestExtension):
        rows = plan_map.images
    elif isinstance(plan_map, KernelMap):
        rows = plan_map(plan_map.anchors)
    else:
        return None
    return taken_off(rows.cpu().numpy(), centre)


def _stored_map(adapter: Any, given: Map | None, encoder: Encoder, name: str) -> Any:
    """Encode a map: packed, unless that would change what it gives by more than rounding."""
    if given is None or not encoder.sizes:
        return encoder.encode(given, name)
    trial = Encoder(classes=encoder.classes, sizes=encoder.sizes)
    stored = trial.encode(given, name)
    packed = Decoder(classes=trial.classes, arrays=trial.arrays).decode(stored)
    known: Tensor | None = getattr(given, "anchors", None)
    sample = np.asarray(adapter.target_sample_)
    probes = sample if known is None else np.concatenate([known[:_PROBES].cpu().numpy(), sample])
    right = given(probes).double().cpu()
    missed = (packed(probes).double() - right).abs().amax(0)
    spread = (right.amax(0) - right.amin(0)).clamp_min(torch.finfo(torch.float64).tiny)
    if bool((missed <= _BOUND * spread).all()):
        encoder.losses[f"{name} applied"] = float((missed / spread).max())
        return encoder.encode(given, name)
    return replace(encoder, sizes={}).encode(given, name)


def _given(classifier: Any) -> str | bool:
    """Return the name of a classifier, or whether one was given; the fitted one says which."""
    return classifier if isinstance(classifier, str) else classifier is not None


def fingerprint(names: Sequence[str] | None, count: int) -> str:
    """Return the SHA-256 of the features' names in their order, or of their count."""
    text = json.dumps(count if names is None else list(names))
    return hashlib.sha256(text.encode()).hexdigest()


def _classes() -> dict[str, type]:
    """Return the options, maps and records that an artifact may name."""
    rooms = [import_module(f"monge.{room}") for room in ("maps", "solvers", "joint", "adapters")]
    public = [getattr(room, name) for room in rooms for name in room.__all__]
    known = [Certificate, TargetPrior, *public, *TRANSPORTS.values(), *MAPS.values()]
    return {kind.__name__: kind for kind in known if isinstance(kind, type) and _is_record(kind)}


def _is_record(kind: type) -> bool:
    return is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def _features(adapter: Any) -> dict[str, Any]:
    names: NDArray | None = getattr(adapter, "feature_names_in_", None)
    listed = None if names is None else [str(name) for name in names]
    count = int(adapter.n_features_in_)
    return {"count": count, "names": listed, "fingerprint": fingerprint(listed, count)}


def _check_head(folder: str | os.PathLike[str], config: Mapping[str, Any]) -> None:
    """Refuse an artifact of something else, or of another version.

    Raises
    ------
    StoreError
        Naming what it is.
    """
    if config.get("kind") != KIND:
        required, got = "a saved adapter", f"an artifact of another kind in {folder}"
        raise StoreError(sentence("monge.load", "path", required, got, "check the path"))
    if config.get("version") != VERSION:
        required, got = f"of version {VERSION}", f"version {config.get('version')} in {folder}"
        remedy = "use the version of monge that saved it"
        raise StoreError(sentence("monge.load", "path", required, got, remedy))


def _check_whole(adapter: Any, config: Mapping[str, Any]) -> None:
    """Refuse parts that do not belong together: one row goes all the way through.

    Raises
    ------
    ValueError
        Naming what does not fit.
    """
    count = adapter.n_features_in_
    if _features(adapter) != config["features"]:
        raise ValueError("the features are not those of the fingerprint")
    if adapter.map_ is not None and not (
        isinstance(adapter.map_, Map) and adapter.map_.width == count
    ):
        raise ValueError("the map is not one of these features")
    row = np.zeros((1, count))
    moved = row if adapter.map_ is None else adapter.map_(row).cpu().numpy()
    seen = taken_off(moved, adapter.centre_)
    if moved.shape != row.shape or len(adapter.classifier_.predict(seen)) != 1:
        raise ValueError("a row does not pass through the map and the classifier")
