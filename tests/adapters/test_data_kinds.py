"""Rows and labels of every kind that people have them in."""

import logging

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from monge import Adapter, Sinkhorn
from monge.errors import InputError, MemoryBudgetError


def fitted(two, convert=np.asarray, transport="sinkhorn"):
    return Adapter(transport).fit(convert(two.X), two.y, X_target=convert(two.Xt))


FORMATS = [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array]


@pytest.mark.parametrize("form", FORMATS)
def test_sparse_rows_are_the_dense_ones(two, form):
    dense, adapter = fitted(two), fitted(two, form)
    np.testing.assert_array_equal(adapter.transform(form(two.X)), dense.transform(two.X))
    np.testing.assert_array_equal(adapter.predict(form(two.Xt)), dense.predict(two.Xt))
    assert adapter.transform(form(two.X.astype(np.float32))).dtype == np.float32


def test_what_sparse_rows_take_is_said_and_refused_before_it_is_made(two, caplog):
    with caplog.at_level(logging.INFO, logger="monge"):
        fitted(two, sparse.csr_array)
    assert "Adapter.fit: the sparse X takes 1.41 KiB dense." in caplog.text
    assert "Adapter.fit: the sparse X_target takes 1.17 KiB dense." in caplog.text
    # 10^6 x 10^5 float64 are 745 GiB; the matrix itself holds two numbers.
    huge = sparse.csr_array(([1.0, 2.0], ([0, 1], [0, 1])), shape=(1_000_000, 100_000))
    with pytest.raises(MemoryBudgetError, match=r"Adapter.fit, dense X: .* 745 GiB, got 2 GiB"):
        Adapter().fit(huge, np.zeros(1_000_000), X_target=huge)
    small = Adapter(Sinkhorn(memory="1 KB"))
    with pytest.raises(MemoryBudgetError, match=r"dense X: .* at least 1.41 KiB, got 0.977"):
        small.fit(sparse.csr_array(two.X), two.y, X_target=two.Xt)


def test_sparse_rows_with_nan_are_refused(two):
    X = two.X.copy()
    X[3, 1] = np.nan
    with pytest.raises(InputError, match=r"'X' must be finite.* in row 3"):
        Adapter().fit(sparse.csr_array(X), two.y, X_target=two.Xt)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("transport", ["sinkhorn", "exact", "linear"])
def test_a_tensor_comes_back_as_one(two, dtype, transport):
    adapter = fitted(two, lambda rows: torch.tensor(rows, dtype=dtype), transport)
    X = torch.tensor(two.X, dtype=dtype, requires_grad=True)
    for verb in ("transform", "inverse_transform"):
        moved = getattr(adapter, verb)(X)
        assert isinstance(moved, torch.Tensor)
        assert (moved.dtype, moved.device, moved.requires_grad) == (dtype, X.device, False)
        plain = getattr(adapter, verb)(X.detach().numpy())
        assert isinstance(plain, np.ndarray)
        np.testing.assert_array_equal(moved.numpy(), plain)
    assert isinstance(adapter.predict(X), np.ndarray)


def test_half_precision_is_read_as_float32(two):
    adapter = fitted(two, lambda rows: torch.tensor(rows, dtype=torch.bfloat16), "linear")
    assert adapter.transform(torch.tensor(two.X, dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("transport", ["sinkhorn", "linear", "class_regularized"])
def test_work_is_done_where_the_tensors_lie(two, transport):
    adapter = fitted(two, lambda rows: torch.tensor(rows, device="cuda"), transport)
    X = torch.tensor(two.X, device="cuda")
    moved = adapter.transform(X)
    assert moved.device.type == "cuda"
    if adapter.solution_ is not None:
        assert adapter.solution_.plan.device.type == "cuda"
        assert adapter.propagate().shape == (50, 2)
    np.testing.assert_allclose(
        moved.cpu().numpy(), fitted(two, transport=transport).transform(two.X), atol=1e-3
    )
    assert adapter.inverse_transform(X).device.type == "cuda"
    assert adapter.score(torch.tensor(two.Xt, device="cuda"), two.yt) > 0.9


def frames(two):
    pandas = pytest.importorskip("pandas")
    index = [f"row {i}" for i in range(60)]
    X = pandas.DataFrame(two.X, columns=["a", "b", "c"], index=index)
    return X, pandas.DataFrame(two.Xt, columns=["a", "b", "c"])


def test_a_data_frame_keeps_its_index_where_one_is_asked_for(two):
    X, Xt = frames(two)
    adapter = Adapter().set_output(transform="pandas").fit(X, two.y, X_target=Xt)
    moved = adapter.transform(X.iloc[10:20])
    assert list(moved.index) == [f"row {i}" for i in range(10, 20)]
    assert list(moved.columns) == ["a", "b", "c"]
    assert isinstance(Adapter().fit(X, two.y, X_target=Xt).transform(X), np.ndarray)


@pytest.mark.parametrize("verb", ["transform", "predict", "inverse_transform", "is_far"])
def test_columns_in_another_order_are_refused(two, verb):
    X, Xt = frames(two)
    adapter = Adapter().fit(X, two.y, X_target=Xt)
    with pytest.raises(ValueError, match="feature names should match"):
        getattr(adapter, verb)(X[["b", "a", "c"]])
    with pytest.raises(ValueError, match="feature names should match"):
        getattr(adapter, verb)(X.rename(columns={"a": "z"}))


def label_kinds():
    pandas = pytest.importorskip("pandas")
    text = np.array(["left", "right"], dtype=object)
    yield "lists of text", lambda y: text[y].tolist(), "left"
    yield "lists of numbers", lambda y: (2 * y - 1).tolist(), -1
    yield "lists of booleans", lambda y: (y == 1).tolist(), False
    yield "objects of booleans", lambda y: (y == 1).astype(object), False
    yield "objects of numbers", lambda y: (2 * y - 1).astype(object), -1
    yield "whole floats", lambda y: y - 1.0, -1.0
    yield "unsigned", lambda y: y.astype(np.uint8), 0
    yield "tensors", torch.tensor, 0
    yield "a series of text", lambda y: pandas.Series(text[y]), "left"
    yield "a series of categories", lambda y: pandas.Series(text[y], dtype="category"), "left"
    yield "a series of Int64", lambda y: pandas.Series(2 * y - 1, dtype="Int64"), -1
    yield "a series of boolean", lambda y: pandas.Series(y == 1, dtype="boolean"), False


def test_labels_of_any_kind_and_container(two):
    for kind, convert, first in label_kinds():
        adapter = Adapter().fit(two.X, convert(two.y), X_target=two.Xt)
        assert adapter.classes_[0] == first, kind
        assert adapter.score(two.Xt, convert(two.yt)) > 0.9, kind


def bad_labels(y):
    text = np.array(["left", "right"], dtype=object)[y]
    yield "one kind, got numbers and text", [1, *text[1:]]
    yield "one kind, got booleans and numbers", [True, *(y[1:] * 2).tolist()]
    yield "known in every source row, got a missing value in row 2", [*text[:2], None, *text[3:]]
    yield (
        "known in every source row, got a missing value in row 2",
        np.where(np.arange(60) == 2, np.nan, y),
    )
    yield "one label a row", np.zeros((60, 2), dtype=int)
    yield "one label a row", 3
    yield "labels: text, whole numbers or booleans, got Unknown label type", y + 0.5
    yield "finite, got Input y contains infinity", np.where(y == 1, np.inf, 0)
    yield "of at least two classes", np.zeros(60)
    yield "of 60 rows, as X", y[:-1]
    yield "given: the estimator requires y to be passed", None


@pytest.mark.parametrize("case", range(11))
def test_bad_labels_are_refused_in_one_sentence(two, case):
    words, y = list(bad_labels(two.y))[case]
    with pytest.raises(
        InputError, match=f"Adapter.fit: 'y' must be .*{words}|'y' must be {words}"
    ) as caught:
        Adapter().fit(two.X, y, X_target=two.Xt)
    assert "\n" not in str(caught.value)


def test_a_nullable_series_with_a_gap_is_refused(two):
    pandas = pytest.importorskip("pandas")
    y = pandas.Series(two.y, dtype="Int64")
    y.iloc[4] = pandas.NA
    with pytest.raises(InputError, match=r"'y' must be known in every source row.* row 4"):
        Adapter().fit(two.X, y, X_target=two.Xt)


@pytest.mark.parametrize("classifier", [LogisticRegression(), SVC()])
def test_scores_are_those_of_the_classifier(two, classifier):
    adapter = Adapter("linear", classifier=classifier).fit(two.X, two.y, X_target=two.Xt)
    np.testing.assert_array_equal(
        adapter.decision_function(two.Xt), adapter.classifier_.decision_function(two.Xt)
    )
    assert not hasattr(Adapter(), "decision_function")


def test_tensors_and_arrays_may_meet(two):
    mixed = Adapter().fit(torch.tensor(two.X), two.y, X_target=two.Xt)
    np.testing.assert_array_equal(mixed.transform(two.X), fitted(two).transform(two.X))
