"""Tables of four formats: the same rows come out, and a fault is one sentence with its place."""

import io
import os
import zipfile

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

import pyarrow.parquet as pq  # noqa: E402 - what may be missing comes first

from monge.data.tables import csv, open_table, write_table  # noqa: E402
from monge.errors import DataError, InputError, OutputError  # noqa: E402

ROWS = 1000
NAMES = ("b", "a", "c 1")


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(0).normal(size=(ROWS, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def labels():
    return np.array(["ant", "bee", "çat"])[np.random.default_rng(1).integers(0, 3, ROWS)]


def as_csv(path, values, labels, separator=",", begin=""):
    lines = [separator.join((*NAMES, "kind"))]
    for row, label in zip(values.tolist(), labels.tolist(), strict=True):
        lines.append(separator.join((*map(repr, row), label)))
    path.write_text(begin + "\n".join(lines) + "\n", encoding="utf-8")


def as_parquet(path, values, labels):
    columns = {name: values[:, i] for i, name in enumerate(NAMES)} | {"kind": labels}
    pq.write_table(pa.table({k: pa.array(v) for k, v in columns.items()}), path, row_group_size=300)


def as_npz(path, values, labels):
    np.savez_compressed(path, **{n: values[:, i] for i, n in enumerate(NAMES)}, kind=labels)


FORMATS = {
    "comma.csv": as_csv,
    "semicolon.csv": lambda *stuff: as_csv(*stuff, separator=";"),
    "tab.tsv": lambda *stuff: as_csv(*stuff, separator="\t"),
    "marked.csv": lambda *stuff: as_csv(*stuff, begin="\ufeff"),
    "blank.csv": lambda *stuff: as_csv(*stuff, begin="\n\n"),
    "t.parquet": as_parquet,
    "UPPER.PARQUET": as_parquet,
    "t.npz": as_npz,
}


@pytest.mark.parametrize("rows", [1, 7, 300, ROWS, 10**6])
@pytest.mark.parametrize("name", FORMATS)
def test_columns_come_by_name_in_batches(tmp_path, values, labels, name, rows):
    if rows == 1 and name != "t.npz":
        rows = 3
    FORMATS[name](tmp_path / name, values, labels)
    table = open_table(tmp_path / name)
    assert table.columns == (*NAMES, "kind")
    assert table.n_rows == (None if name[-3:] in ("csv", "tsv") else ROWS)
    batches = list(table.numbers(("c 1", "b"), rows))
    assert max(map(len, batches)) <= rows
    read = np.concatenate(batches)
    assert read.dtype == (np.float64 if table.n_rows is None else np.float32)
    np.testing.assert_array_equal(read.astype(np.float32), values[:, [2, 0]])
    np.testing.assert_array_equal(table.labels("kind"), labels)


def test_a_matrix_is_numbered_columns(tmp_path, values):
    np.save(tmp_path / "t.npy", values)
    table = open_table(tmp_path / "t.npy")
    assert table.columns == ("X0", "X1", "X2")
    np.testing.assert_array_equal(np.concatenate(list(table.numbers(("X2",), 300))), values[:, 2:])
    np.savez(tmp_path / "t.npz", X=values, y=np.arange(ROWS) % 3)
    table = open_table(tmp_path / "t.npz")
    assert table.columns == ("X0", "X1", "X2", "y")
    np.testing.assert_array_equal(next(table.numbers(("X1",), 9)), values[:9, 1:2])
    np.testing.assert_array_equal(table.labels("y"), np.arange(ROWS) % 3)


def test_a_small_x_is_a_large_one_unless_both_are_there(tmp_path, values):
    np.savez(tmp_path / "t.npz", x=values, y=np.arange(ROWS))
    table = open_table(tmp_path / "t.npz")
    assert table.columns == ("X0", "X1", "X2", "y")
    np.testing.assert_array_equal(np.concatenate(list(table.numbers(("X2",), 300))), values[:, 2:])
    np.savez(tmp_path / "t.npz", x=values[:, :1], X=values[:, :1] + 1)
    table = open_table(tmp_path / "t.npz")
    assert table.columns == ("x0", "X0")
    np.testing.assert_array_equal(next(table.numbers(("X0",), 9)), values[:9, :1] + 1)


def test_fields_are_columns(tmp_path):
    rows = np.array([(1.5, b"x", 2), (2.5, b"y", 3)], dtype=[("a", "f8"), ("t", "S1"), ("n", "i4")])
    np.save(tmp_path / "t.npy", rows)
    table = open_table(tmp_path / "t.npy")
    np.testing.assert_array_equal(next(table.numbers(("n", "a"))), [[2, 1.5], [3, 2.5]])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2", "1"], np.array([1, -2, 1])),
        (["007", "7", "8"], np.array(["007", "7", "8"], dtype=object)),
        (["true", "false", "true"], np.array([True, False, True])),
        (["True", "False", "True"], np.array([True, False, True])),
        (["1", "b", "1.0"], np.array(["1", "b", "1.0"], dtype=object)),
        (["NA", "b", "nan"], np.array(["NA", "b", "nan"], dtype=object)),
        (["1", "--5", "-0"], np.array(["1", "--5", "-0"], dtype=object)),
        (["1", "9" * 19, "2"], np.array(["1", "9" * 19, "2"], dtype=object)),
        (["-1", "9223372036854775807", "2"], np.array([-1, 2**63 - 1, 2])),
        (['"a,b"', '"a\nb"', '""""'], np.array(["a,b", "a\nb", '"'], dtype=object)),
    ],
)
def test_labels_of_text_are_what_they_say(tmp_path, cells, expected):
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"1,{cell}\n" for cell in cells))
    table = open_table(tmp_path / "t.csv")
    labels = table.labels("y")
    assert labels.dtype == expected.dtype
    assert labels.tolist() == expected.tolist()
    pieces = list(table.label_batches("y", table.label_kind("y")))
    assert np.concatenate(pieces).tolist() == expected.tolist()
    assert pieces[0].dtype.kind == ("U" if expected.dtype == object else expected.dtype.kind)


@pytest.mark.parametrize(
    ("usual", "odd", "kind"),
    [
        ("2", "7", "int64"),
        ("2", "seven", "<U5"),
        ("2", "007", "<U3"),
        ("true", "false", "bool"),
        ("true", "yes", "<U4"),
        ("true", "False", "<U5"),
    ],
)
@pytest.mark.parametrize("early", [True, False])
def test_one_label_decides_for_all(tmp_path, monkeypatch, usual, odd, kind, early):
    """Pieces are few rows, and each comes in the type of the whole column."""
    monkeypatch.setattr(csv, "BLOCK_BYTES", 64)
    labels = [odd] + [usual] * 200 if early else [usual] * 200 + [odd]
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"1,{label}\n" for label in labels))
    table = open_table(tmp_path / "t.csv")
    told = []
    found = table.label_kind("y", report=told.append)
    pieces = list(table.label_batches("y", found))
    assert len(pieces) > 5
    assert {piece.dtype for piece in pieces} == {np.dtype(kind)}
    whole = np.concatenate(pieces).astype(str).tolist()
    assert whole == ([label.title() for label in labels] if kind == "bool" else labels)
    assert [(told[-1].done, told[-1].total)] == [(201, 201)]


def test_a_late_missing_label_is_named_by_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(csv, "BLOCK_BYTES", 64)
    for content, row in (("1,2\n" * 200 + "1,\n", 201), ("1,\n" * 200 + "1,2\n", 1)):
        (tmp_path / "t.csv").write_text("x,y\n" + content)
        with pytest.raises(DataError, match=f"missing value in column 'y', row {row};"):
            open_table(tmp_path / "t.csv").label_kind("y")


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", "b"]),
        pa.array(["a", "b"]).dictionary_encode(),
        pa.array([-1, 1]),
        pa.array([True, False]),
        pa.array([0.0, 1.0]),
    ],
    ids=lambda column: str(column.type)[:10],
)
def test_labels_of_parquet_keep_their_kind(tmp_path, column):
    pq.write_table(pa.table({"y": column}), tmp_path / "t.parquet")
    assert open_table(tmp_path / "t.parquet").labels("y").tolist() == column.to_pylist()


@pytest.mark.parametrize("kind", [pa.int64(), pa.decimal128(9, 2), pa.float64(), pa.uint32()])
def test_wide_numbers_are_float64(tmp_path, kind):
    column = pa.array([1.0, 2.0]).cast(kind)
    pq.write_table(pa.table({"a": column, "b": pa.array([True, False])}), tmp_path / "t.parquet")
    (batch,) = open_table(tmp_path / "t.parquet").numbers(("a", "b"))
    assert batch.dtype == np.float64
    assert batch.tolist() == [[1, 1], [2, 0]]


# ---------------------------------------------------------------------------------------- faults


def text(content):
    return lambda path: path.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )


def parquet(**columns):
    return lambda path: pq.write_table(pa.table(columns), path)


def arrays(**columns):
    return lambda path: np.savez(path, **columns)


def nobody(_):
    """Write nothing."""


def into(save, *stuff):
    def write(path):
        with path.open("wb") as stream:
            save(stream, *stuff)

    return write


def twice(path):
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)


def cut(write):
    def spoil(path):
        write(path)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

    return spoil


def member(content):
    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.npy", content)

    return write


def fortran(path):
    np.save(path, np.asfortranarray(np.ones((3, 2))))


LONG = "a,y\n" + "1,2\n" * 300_000  # more than one block
GOOD = parquet(a=[1.0] * 5000, y=[1] * 5000)
FAULTS = {
    "a folder": ("t.csv", os.mkdir, "a file, got a folder"),
    "nothing": ("t.csv", nobody, "a file, got nothing of that name"),
    "no ending": ("t", text("a,y\n1,2\n"), "a file that ends in .csv, .* got ''"),
    "another ending": ("t.xlsx", text("a,y\n1,2\n"), "a file that ends in .csv, .*'.xlsx'"),
    "empty csv": ("t.csv", text(""), "header and rows, got an empty file"),
    "blank csv": ("t.csv", text("\n \n"), "header and rows, got an empty file"),
    "header alone": ("t.csv", text("a,y\n"), "a table with rows, got none"),
    "no header": ("t.csv", text("1,2\n3,4\n"), r"names in its first row, got numbers \(1, 2\)"),
    "missing column": ("t.csv", text("b,y\n1,2\n"), "the column 'a', got the columns b, y"),
    "text cell": (
        "t.csv",
        text("a,y\n1,2\n\n3,4\nx7,4\n"),
        "numbers, got 'x7' in column 'a', row 3",
    ),
    "text cell late": ("t.csv", text(LONG + "?,1\n"), r"got '\?' in column 'a', row 300001"),
    "comma for point": ("t.csv", text("a;y\n1;2\n3,5;4\n"), "got '3,5' in column 'a', row 2"),
    "missing cell": (
        "t.csv",
        text("a,y\n1,2\n,4\n"),
        "finite numbers, got a missing value in column 'a', row 2",
    ),
    "missing cell late": (
        "t.csv",
        text(LONG + "NA,1\n"),
        "missing value in column 'a', row 300001",
    ),
    "infinite cell": ("t.csv", text("a,y\n1,2\n-inf,4\n"), "got -inf in column 'a', row 2"),
    "long row": ("t.csv", text("a,y\n1,2\n3,4,5\n"), "2 cells in every row, got 3 in row 2"),
    "short row": ("t.csv", text("a,y\n1,2\n3\n"), "2 cells in every row, got 1 in row 2"),
    "twice in csv": ("t.csv", text("a,y,a\n1,2,3\n"), "different names, got 2 columns 'a'"),
    "no name": ("t.csv", text("a,,y\n1,2,3\n"), "a name for every column, got none for column 2"),
    "latin header": (
        "t.csv",
        "a,é,y\n1,2,3\n".encode("latin-1"),
        "UTF-8, got other bytes in its h",
    ),
    "latin cell": (
        "t.csv",
        text("a,y\n1,2\né,4\n".encode("latin-1")),
        "text in UTF-8, got other bytes in column 'a', row 2",
    ),
    "utf-16": ("t.csv", text("a,y\n1,2\n".encode("utf-16")), "text in UTF-8, got text in UTF-16"),
    "zeros": ("t.csv", text(b"a,y\x00\n1,2\n"), "got zero bytes in its first line"),
    "csv is parquet": ("t.csv", GOOD, "separated values, got a Parquet file"),
    "csv is zip": ("t.csv", into(np.savez, [1]), "got a zip file"),
    "csv is npy": ("t.csv", into(np.save, [1]), "got a NumPy file"),
    "parquet is csv": ("t.parquet", text("a,y\n1,2\n"), "a Parquet file, got "),
    "empty parquet": ("t.parquet", text(""), "a Parquet file, got "),
    "cut parquet": ("t.parquet", cut(GOOD), "a Parquet file, got "),
    "no rows in parquet": (
        "t.parquet",
        parquet(a=pa.array([], pa.float32())),
        "with rows, got none",
    ),
    "text in parquet": (
        "t.parquet",
        parquet(a=["x", "y"]),
        r"numbers, got text in column 'a' \('x' in row 1\)",
    ),
    "long text in parquet": (
        "t.parquet",
        parquet(a=pa.array(["x"], pa.large_string())),
        r"numbers, got text in column 'a' \('x' in row 1\)",
    ),
    "categories in parquet": (
        "t.parquet",
        parquet(a=pa.array(["x"]).dictionary_encode()),
        "numbers, got text in column 'a'",
    ),
    "times in parquet": (
        "t.parquet",
        parquet(a=pa.array([0], pa.timestamp("s"))),
        r"numbers, got times in column 'a' \(1970-01-01 00:00:00 in row 1\)",
    ),
    "times in npz": (
        "t.npz",
        arrays(a=np.array(["1970-01-01"], dtype="M8[D]")),
        "numbers, got times in column 'a'",
    ),
    "null in parquet": ("t.parquet", parquet(a=[1.0, None]), "missing value in column 'a', row 2"),
    "NaN in parquet": (
        "t.parquet",
        parquet(a=[1.0, 2.0, float("nan")]),
        "missing value in column 'a', row 3",
    ),
    "null among integers": (
        "t.parquet",
        parquet(a=[1, None]),
        "missing value in column 'a', row 2",
    ),
    "lists in parquet": ("t.parquet", parquet(a=[[1], [2]]), "numbers, got lists in column"),
    "twice in parquet": ("t.parquet", twice, "different names, got 2 columns 'a'"),
    "npz is csv": ("t.npz", text("a,y\n1,2\n"), "an .npz archive, got File is not a zip file"),
    "cut npz": ("t.npz", cut(arrays(a=np.ones(999))), "an .npz archive, got "),
    "empty npz": ("t.npz", arrays(), "a table with columns, got none"),
    "lengths": ("t.npz", arrays(a=[1, 2], y=[1]), "equally many rows, got 2 of 'a', 1 of 'y'"),
    "objects": (
        "t.npz",
        arrays(a=np.array([1, "x"], dtype=object)),
        "got objects in 'a', which are pickle",
    ),
    "text in npz": ("t.npz", arrays(a=["x"]), "numbers, got text in column 'a'"),
    "a cube": (
        "t.npz",
        arrays(a=np.ones((2, 2, 2))),
        r"vectors and matrices, got shape \(2, 2, 2\)",
    ),
    "a scalar": ("t.npz", arrays(a=np.array(3)), r"vectors and matrices, got shape \(\)"),
    "no rows in npz": ("t.npz", arrays(a=np.ones(0)), "a table with rows, got none"),
    "no npy inside": ("t.npz", member(b"hello, world"), "a whole .npz file, got "),
    "npy is csv": ("t.npy", text("a,y\n1,2\n"), "a whole .npy file, got "),
    "empty npy": ("t.npy", text(""), "a whole .npy file, got "),
    "cut npy": (
        "t.npy",
        cut(lambda p: np.save(p, np.ones((99, 2)))),
        "the column 'a', got|whole, got too few",
    ),
    "columns first": ("t.npy", fortran, "stored row by row, got 'X' column by column"),
    "pickle": ("t.npy", text(b"\x80\x04K\x01."), "a whole .npy file, got "),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_one_sentence_with_its_place(tmp_path, case):
    name, write, words = FAULTS[case]
    path = tmp_path / name
    write(path) if callable(write) else path.write_bytes(write)
    with pytest.raises(DataError, match=rf"^monge.data: '.*' must be .*{words}") as caught:
        for _ in open_table(path).numbers(("a",)):
            pass
    said = str(caught.value)
    assert str(path) in said
    assert "\n" not in said
    assert said.endswith(".")


LABEL_FAULTS = {
    "all missing in csv": (
        "t.csv",
        text("a,y\n1,\n2,\n"),
        "labels in column 'y', got missing values alone",
    ),
    "all missing in parquet": (
        "t.parquet",
        parquet(y=pa.array([None, None], pa.string())),
        "missing values alone",
    ),
    "nulls": ("t.parquet", parquet(y=pa.nulls(2)), "missing values alone"),
    "NaN in npz": ("t.npz", arrays(y=[np.nan, np.nan]), "missing values alone"),
    "one in csv": ("t.csv", text("a,y\n1,p\n2,\n"), "a missing value in column 'y', row 2"),
    "one in parquet": (
        "t.parquet",
        parquet(y=["a", "b", None]),
        "missing value in column 'y', row 3",
    ),
    "one integer": ("t.parquet", parquet(y=[1, None]), "missing value in column 'y', row 2"),
    "one in npz": ("t.npz", arrays(y=["a", ""]), "missing value in column 'y', row 2"),
    "no rows": ("t.csv", text("a,y\n"), "a table with rows, got none"),
    "latin": (
        "t.csv",
        text("a,y\n1,é\n2,".encode() + "é\n".encode("latin-1")),
        "got other bytes in column 'y', row 2",
    ),
    "lists": (
        "t.parquet",
        parquet(y=[[1]]),
        "labels in column 'y': text, whole numbers or booleans",
    ),
    "dates": ("t.npz", arrays(y=np.array(["2020-01-01"], "M8[D]")), "labels in column 'y': text"),
    "no such column": ("t.csv", text("a,Y\n1,p\n"), "the column 'y', got the columns a, Y"),
}


@pytest.mark.parametrize("case", LABEL_FAULTS)
def test_a_fault_among_labels_is_one_sentence_with_its_place(tmp_path, case):
    name, write, words = LABEL_FAULTS[case]
    write(tmp_path / name)
    with pytest.raises(DataError, match=rf"^monge.data: '.*' must be .*{words}") as caught:
        open_table(tmp_path / name).labels("y")
    assert "\n" not in str(caught.value)


def test_a_cut_matrix_is_noticed(tmp_path):
    cut(lambda path: np.save(path, np.ones((990, 2))))(tmp_path / "t.npy")
    table = open_table(tmp_path / "t.npy")
    with pytest.raises(DataError, match="must be whole, got too few bytes of 'X'"):
        sum(len(batch) for batch in table.numbers(("X0",), 100))


@pytest.mark.parametrize("header", ['a,"two\nlines",b', 'a,"never closed'])
def test_a_name_over_two_lines_is_said_plainly(tmp_path, header):
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n1,2,3\n", encoding="utf-8")
    with pytest.raises(DataError, match="all column names in the first line") as caught:
        open_table(path)
    assert "take the line break out of the column's name" in str(caught.value)
    path.write_text('a,5" pipe,"c ""d"""\n1,2,3\n', encoding="utf-8")
    assert open_table(path).columns == ("a", '5" pipe', 'c "d"')


def test_broken_bytes_in_a_column_that_is_not_read_do_no_harm(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,note\n1,caf\xe9\n2,x\n")
    (batch,) = open_table(tmp_path / "t.csv").numbers(("a",))
    assert batch.tolist() == [[1], [2]]


# ---------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.npz"])
def test_what_is_written_in_batches_is_read_again(tmp_path, values, labels, name):
    with write_table(tmp_path / name) as write:
        for rows in (slice(0, 400), slice(400, 401), slice(401, None)):
            write({"a": values[rows, 0], "kind": labels[rows], "far": values[rows, 1] > 0})
    table = open_table(tmp_path / name)
    assert table.columns == ("a", "kind", "far")
    read = np.concatenate(list(table.numbers(("a",))))[:, 0]
    np.testing.assert_allclose(read, values[:, 0], rtol=1e-6)
    np.testing.assert_array_equal(table.labels("kind"), labels)
    np.testing.assert_array_equal(table.labels("far"), values[:, 1] > 0)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def broken_off(path, trouble):
    with write_table(path) as write:
        write({"a": np.ones(5)})
        raise trouble


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.npz"])
@pytest.mark.parametrize("trouble", [KeyboardInterrupt, DataError("x"), ZeroDivisionError])
def test_a_write_that_is_broken_off_leaves_the_old_file(tmp_path, name, trouble):
    (tmp_path / name).write_text("old")
    with pytest.raises(trouble if isinstance(trouble, type) else type(trouble)):
        broken_off(tmp_path / name, trouble)
    assert (tmp_path / name).read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def wider(path):
    with write_table(path) as write:
        write({"a": np.array(["x"])})
        write({"a": np.array(["longer"])})


def test_text_that_would_be_cut_is_refused(tmp_path):
    with pytest.raises(TypeError, match="column 'a' of <U1 is given <U6"):
        wider(tmp_path / "t.npz")


def nothing(path):
    with write_table(path):
        pass


def test_names_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match=r"ends in .parquet, .csv, .npz, got '.*t.npy'"):
        nothing(tmp_path / "t.npy")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(OutputError, match="'path' must be a file, got the folder"):
        nothing(tmp_path / "d.csv")


def test_a_stream_holds_a_batch_and_no_more(tmp_path):
    """20 MB of rows in batches of 1,000: what Python holds at its peak stays below 2 MB."""
    import tracemalloc

    np.savez(tmp_path / "t.npz", x=np.ones((250_000, 10)))
    table = open_table(tmp_path / "t.npz")
    tracemalloc.start()
    try:
        assert sum(len(batch) for batch in table.numbers(table.columns, 1000)) == 250_000
        assert tracemalloc.get_traced_memory()[1] < 2e6
    finally:
        tracemalloc.stop()


def test_the_members_of_an_archive_may_be_stored_or_packed(tmp_path):
    content = io.BytesIO()
    np.save(content, np.arange(5.0))
    member(content.getvalue())(tmp_path / "t.npz")
    (batch,) = open_table(tmp_path / "t.npz").numbers(("a",))
    assert batch[:, 0].tolist() == [0, 1, 2, 3, 4]
