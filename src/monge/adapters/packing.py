"""Matrices of points in few bytes a number, with the loss measured.

A column is stored as whole numbers k of some bytes, each standing for ``(base + k) / divisor``. The
divisor is a power of ten where that gives back every number as it was, as it does for decimals of a
table; else the largest power of two for which the column fits, which rounds it: by at most 2**-24
of its range in three bytes, about what float32 does, and wherever the origin lies. A column in
which that would blur what most rows differ by, because a few rows are far off, is stored as float32
or as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from monge._types import NDArray

__all__ = ["Packed", "pack", "unpack"]

_BLUR = 1e-5
"""The most that a number may change, in units of what the column's rows usually differ by."""

_DIGITS = 9
"""Decimals that are tried."""

_FEW = 64
"""Rows that are looked at before all of them are."""

_WHOLE = 2.0**53
"""Up to here float64 holds every whole number."""

_TINY = 1e-280
"""Below, a number is not divided by: the quotient would overflow."""


class Packed(NamedTuple):
    """A matrix (k, d) in parts, by columns.

    Attributes
    ----------
    parts
        ``codes`` (k, c, bytes) uint8 with ``base`` and ``divisor`` (c,) float64 for the columns
        stored as whole numbers, ``single`` (k, s) float32, ``plain`` (k, p), and ``place`` (d,): 0,
        1 or 2 for where each column is.
    loss
        The largest change of a number, relative to the range of its column; 0 if there is none.
    """

    parts: dict[str, NDArray]
    loss: float


def pack(matrix: NDArray, size: int) -> Packed:
    """Store a finite floating matrix (k, d) in about ``size`` bytes a number.

    Examples
    --------
    >>> matrix = np.array([[0.125, 1e9], [7.625, 1e9 + 1 / 3], [3.5, 1e9 + 2]])
    >>> packed = pack(matrix, 3)
    >>> packed.parts["codes"].nbytes, bool(packed.loss < 1e-7)
    (18, True)
    >>> np.abs(unpack(packed.parts, matrix.dtype) - matrix).max(axis=0) <= [0, 2e-7]
    array([ True,  True])
    """
    wide = matrix.astype(np.float64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    divisor, exact = _divisors(wide, matrix.dtype, low, high, 2.0 ** (8 * size) - 2)
    base = np.rint(low * divisor)
    codes = np.rint(wide * divisor) - base
    found = ((base + codes) / divisor).astype(matrix.dtype)
    usual = _usual(wide)
    lost = np.abs(found - wide).max(axis=0)
    place = np.where(exact | (lost <= _BLUR * usual), 0, 2).astype(np.uint8)
    if matrix.dtype == np.float64:
        with np.errstate(over="ignore"):
            single = wide.astype(np.float32)
        missed = np.abs(single - wide).max(axis=0)
        place[(place == 2) & (missed <= _BLUR * usual)] = 1  # noqa: PLR2004 - see Packed
        lost = np.where(place == 1, missed, lost)
    whole, short, rest = (place == kind for kind in range(3))
    content = np.ascontiguousarray(codes[:, whole]).astype("<u8").view(np.uint8)
    parts = {
        "codes": content.reshape(len(matrix), int(whole.sum()), 8)[:, :, :size],
        "base": base[whole],
        "divisor": divisor[whole],
        "single": matrix[:, short].astype(np.float32),
        "plain": matrix[:, rest],
        "place": place,
    }
    share = lost[~rest] / np.where(high > low, high - low, 1.0)[~rest]
    return Packed({name: part for name, part in parts.items() if part.size}, share.max(initial=0.0))


def unpack(parts: dict[str, Any], dtype: Any) -> NDArray:
    """Return the matrix (k, d) of its parts.

    Raises
    ------
    ValueError, KeyError, IndexError
        If they are not the parts of one.
    """
    place = parts["place"]
    rows = {len(parts[name]) for name in ("codes", "single", "plain") if name in parts}
    (count,) = rows
    matrix = np.empty((count, len(place)), dtype=dtype)
    if "codes" in parts:
        codes = parts["codes"]
        content = np.zeros((*codes.shape[:2], 8), dtype=np.uint8)
        content[:, :, : codes.shape[2]] = codes
        whole = content.view("<u8")[:, :, 0].astype(np.float64)
        matrix[:, place == 0] = (parts["base"] + whole) / parts["divisor"]
    for kind, name in ((1, "single"), (2, "plain")):
        if name in parts:
            matrix[:, place == kind] = parts[name]
    return matrix


def _divisors(
    wide: NDArray, dtype: Any, low: NDArray, high: NDArray, most: float
) -> tuple[NDArray, NDArray]:
    """Return the divisor of each column, and whether it gives back every number."""
    size = np.maximum(np.abs(low), np.abs(high)).clip(min=_TINY)
    room = np.minimum(most / (high - low).clip(min=_TINY), _WHOLE / size)
    divisor = np.exp2(np.floor(np.log2(room)))
    exact = np.zeros(len(low), dtype=bool)
    for digits in range(_DIGITS + 1):
        power = 10.0**digits
        open_ = np.flatnonzero(~exact & (power <= room))
        for rows in (slice(_FEW), slice(None)):
            part = wide[rows][:, open_]
            again = (np.rint(part * power) / power).astype(dtype)
            open_ = open_[(again == part).all(axis=0)]
        divisor[open_], exact[open_] = power, True
    return divisor, exact


def _usual(wide: NDArray) -> NDArray:
    """Return the median distance from the median of the numbers that differ from it, (d,)."""
    apart = np.abs(wide - np.median(wide, axis=0))
    apart[apart == 0] = np.nan
    empty = np.isnan(apart).all(axis=0)
    apart[:, empty] = 0.0
    usual: NDArray = np.nanmedian(apart, axis=0)
    return usual
