"""What both kinds of Arrow reader share: columns of numbers and of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from monge._types import NDArray
from monge.data.tables.base import refuse

__all__ = ["is_number", "kind_of", "matrix", "precision", "to_labels"]

_EXACT_IN_FLOAT32 = (pa.float16(), pa.float32(), pa.int8(), pa.int16(), pa.uint8(), pa.uint16())


def is_number(kind: Any) -> bool:
    """Whether a column of this type holds numbers; a column of nulls has missing ones."""
    tests = (pt.is_integer, pt.is_floating, pt.is_decimal, pt.is_boolean, pt.is_null)
    return any(test(kind) for test in tests)


def precision(kinds: Sequence[Any]) -> Any:
    """Return float32 where every type fits it exactly, else float64."""
    small = all(kind in _EXACT_IN_FLOAT32 or pt.is_boolean(kind) for kind in kinds)
    return pa.float32() if small else pa.float64()


def matrix(batch: Any, names: Sequence[str], kind: Any) -> NDArray:
    """Return columns of a record batch as (rows, columns), NaN where a value is null."""
    values = np.empty((batch.num_rows, len(names)), dtype=kind.to_pandas_dtype())
    for place, name in enumerate(names):
        column = batch.column(name)
        if pt.is_boolean(column.type):
            column = column.cast(pa.uint8())
        values[:, place] = column.cast(kind, safe=False).to_numpy(zero_copy_only=False)
    return values


def kind_of(kind: Any) -> str:
    """Return what a column of this type holds, in words where there are some."""
    if pt.is_dictionary(kind):
        return kind_of(kind.value_type)
    words = {
        "text": (pt.is_string, pt.is_large_string),
        "dates": (pt.is_date,),
        "times": (pt.is_timestamp, pt.is_time, pt.is_duration),
        "bytes": (pt.is_binary, pt.is_large_binary, pt.is_fixed_size_binary),
        "lists": (pt.is_list, pt.is_large_list, pt.is_fixed_size_list),
        "numbers with a fixed point": (pt.is_decimal,),
    }
    found = (word for word, tests in words.items() if any(test(kind) for test in tests))
    return next(found, str(kind))


def to_labels(column: Any, path: Path, name: str) -> NDArray:
    """Return a column of labels, (n,): text as objects, ``None`` or NaN where one is null.

    Raises
    ------
    DataError
        If the column holds something else than labels.
    """
    if pt.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    text = pt.is_string(kind) or pt.is_large_string(kind) or pt.is_null(kind)
    if not (text or pt.is_integer(kind) or pt.is_boolean(kind) or pt.is_floating(kind)):
        required = f"labels in column {name!r}: text, whole numbers or booleans"
        refuse(path, required, kind_of(kind), "name another column, or convert this one")
    if not text and column.null_count > 0:
        return np.array(column.to_pylist(), dtype=object)
    values: NDArray = column.to_numpy(zero_copy_only=False)
    return values
