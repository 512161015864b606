"""Rows that come in parts: one matrix, in memory that is asked for beforehand."""

import pytest
import torch

from monge.errors import MemoryBudgetError
from monge.training.collect import Rows

PARTS = [torch.full((length, 2), float(length)) for length in (3, 3, 1)]
BYTES = 4 * 2  # of a row of two float32


def collected(parts, known, memory):
    rows = Rows(caller="test", parts=known, memory=memory)
    for part in parts:
        rows.add(part)
    return rows


@pytest.mark.parametrize("parts", [PARTS, PARTS[::-1]])
@pytest.mark.parametrize("known", [None, 1, 2, 3, 5])
def test_all_rows_in_their_order(parts, known):
    rows = collected(parts, known, "1 kB")
    assert len(rows) == 7
    torch.testing.assert_close(rows.matrix(), torch.cat(parts))


def test_a_part_that_fits_stays_behind_one_that_did_not():
    parts = [torch.full((length, 2), float(length)) for length in (3, 5, 1)]
    torch.testing.assert_close(collected(parts, 2, "1 kB").matrix(), torch.cat(parts))


def test_room_is_taken_once_where_the_number_of_parts_is_known():
    rows = collected(PARTS[:1], 3, 9 * BYTES)
    place = rows.matrix().data_ptr()
    for part in PARTS[1:]:
        rows.add(part)
    assert rows.matrix().data_ptr() == place
    assert rows.said == f"{9 * BYTES} B of features"


@pytest.mark.parametrize(
    ("known", "need"),
    [
        (3, 9 * BYTES),  # the room: three parts as long as the first
        (None, 2 * 7 * BYTES),  # all rows, and all rows again when they are joined
    ],
)
def test_the_budget_is_met_to_the_byte(known, need):
    collected(PARTS, known, need)
    with pytest.raises(MemoryBudgetError, match=f"^test: 'memory' must be at least {need} B"):
        collected(PARTS, known, need - 1)


def test_no_rows():
    assert collected([], 3, 1).matrix() is None
    assert collected([torch.zeros(0, 2)], 1, 1).matrix() is None
