import numpy as np
import pytest

from monge.errors import InputError, MemoryBudgetError
from monge.memory import format_bytes, parse_bytes, require_memory


@pytest.mark.parametrize(
    ("memory", "count"),
    [
        (1, 1),
        (np.int64(7), 7),
        ("17", 17),
        ("17 B", 17),
        ("500 MB", 500_000_000),
        ("1.5kb", 1500),
        (" .5 GiB ", 2**29),
        ("1 TiB", 2**40),
    ],
)
def test_a_budget_is_read_in_bytes(memory, count):
    assert parse_bytes(memory) == count
    assert isinstance(parse_bytes(memory), int)


@pytest.mark.parametrize(
    "memory",
    [0, -1, True, None, 1.5, "", "much", "2 XB", "-1 GB", "0 GB", "0.5 B", "1 2 GB", "9" * 400],
)
def test_what_is_no_amount_of_memory_is_refused_in_one_sentence(memory):
    with pytest.raises(InputError, match=r"^Someone: 'memory' must be .*; pass .*\.$"):
        parse_bytes(memory, caller="Someone")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1010, "0.986 KiB"),
        (1023 * 1024, "0.999 MiB"),
        (2**31, "2 GiB"),
        (5 * 2**40, "5.0 TiB"),
        (2**60, "1,048,576.0 TiB"),
    ],
)
def test_a_size_is_written_for_a_person(count, text):
    assert format_bytes(count) == text


def test_an_allocation_is_refused_above_the_budget_and_not_at_it():
    require_memory("Plan", 2000, "2 KB", "use less")
    with pytest.raises(MemoryBudgetError, match=r"^Plan: 'memory' must be at least 1.95 KiB, got"):
        require_memory("Plan", 2001, "2 KB", "use less")
