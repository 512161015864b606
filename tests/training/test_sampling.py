"""Which rows a step sees."""

from itertools import islice

import pytest
import torch

from monge.errors import InputError
from monge.training import ExtractionOptions
from monge.training.batches import Reader
from monge.training.sampling import Balanced, Paired, Shuffled, Streamed, Uniform, require_classes

READER = Reader(caller="test", options=ExtractionOptions(), dtype=torch.float32)


def rows(n):
    return torch.arange(n, dtype=torch.float32)[:, None]


def test_a_shuffled_pass_meets_every_row_once_with_its_label_and_weight():
    draws = Shuffled(rows=rows(10), labels=torch.arange(10), size=4, weights=torch.arange(10) / 2)
    batches = list(draws.draw())
    assert draws.steps == len(batches) == 3
    met = torch.cat([batch.labels for batch in batches])
    assert sorted(met.tolist()) == list(range(10)) != met.tolist()
    assert torch.equal(torch.cat([batch.rows for batch in batches])[:, 0], met.float())
    assert torch.equal(torch.cat([batch.weights for batch in batches]), met / 2)


def test_balanced_batches_have_no_row_twice_unless_the_class_is_small():
    labels = torch.tensor([0] * 90 + [3] * 9 + [7])
    draws = Balanced(rows=rows(100), labels=labels, size=20)
    assert draws.steps is None
    seen = set()
    for batch in islice(draws.draw(), 60):
        assert torch.equal(batch.labels, torch.tensor([0] * 6 + [3] * 6 + [7] * 6))
        met = batch.rows[:, 0].long()
        assert torch.equal(labels[met], batch.labels)
        assert len(met[:12].unique()) == 12
        seen.update(met.tolist())
    assert len(seen) > 90


def test_uniform_batches_have_no_row_twice_and_no_more_than_there_are():
    few = next(Uniform(rows=rows(5), size=8).draw())
    assert sorted(few.rows[:, 0].tolist()) == [0, 1, 2, 3, 4]
    met = torch.cat([batch.rows for batch in islice(Uniform(rows=rows(9), size=3).draw(), 40)])
    assert set(met[:, 0].tolist()) == set(range(9))


def test_pairs_are_as_many_as_told_and_a_loader_begins_anew():
    source = [(rows(2), torch.tensor([0, 1])), (rows(0), torch.zeros(0)), (rows(1), [4])]
    read = Streamed(loader=source, reader=READER, labelled=True)
    target = Streamed(loader=[rows(3)], reader=READER, labelled=False)
    paired = Paired(source=read, target=target, length=5)
    batches = list(paired.draw())
    assert paired.steps == len(batches) == 5
    assert [batch.labels.tolist() for batch in batches] == [[0, 1], [4], [0, 1], [4], [0, 1]]
    assert {batch.labels.dtype for batch in batches} == {torch.int64}
    assert all(torch.equal(batch.target, rows(3)) for batch in batches)


def test_a_loader_that_has_run_dry_is_refused():
    with pytest.raises(InputError, match="'loader' must be at least one row"):
        next(Streamed(loader=[], reader=READER, labelled=False).draw())


def test_a_batch_without_room_for_each_class_is_refused():
    require_classes("test", torch.tensor([0, 4, 5]), 3)
    with pytest.raises(InputError, match="test: 'batch_size' must be at least 3"):
        require_classes("test", torch.tensor([0, 4, 5]), 2)
