"""Office-Caltech10: the published files and no others."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from monge.data import load_office_caltech10
from monge.errors import DataError, InputError

SIZES = {"amazon": 958, "caltech": 1123, "dslr": 157, "webcam": 295}


@pytest.fixture(scope="module")
def folder():
    """Return the data folder, or skip."""
    named = os.environ.get("MONGE_DATA")
    found = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    if not (found / "OfficeCaltech10").is_dir():
        pytest.skip(f"no OfficeCaltech10 in {found}; set MONGE_DATA to a folder that holds it")
    return found


def counts(n):
    return np.random.default_rng(0).integers(0, 9, (n, 800), dtype=np.uint8)


def put(folder, **content):
    (folder / "OfficeCaltech10").mkdir()
    savemat(folder / "OfficeCaltech10" / "dslr_SURF_L10.mat", content)


@pytest.mark.parametrize("domain", SIZES)
def test_each_domain_has_its_published_size(folder, domain):
    loaded = load_office_caltech10(domain, data_dir=folder)
    assert tuple(loaded.x.shape) == (SIZES[domain], 800)
    assert loaded.labels.unique().tolist() == list(range(10))
    assert domain in loaded.name


def test_the_folder_may_be_named_by_the_environment(folder, monkeypatch):
    monkeypatch.setenv("MONGE_DATA", str(folder))
    assert len(load_office_caltech10("dslr")) == 157


def test_an_unknown_domain_is_refused():
    with pytest.raises(InputError, match=r"'domain' must be one of 'amazon', .* got 'dsl'"):
        load_office_caltech10("dsl")


def test_no_folder_and_an_empty_folder_are_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("MONGE_DATA", raising=False)
    with pytest.raises(
        DataError, match=r"'MONGE_DATA' must be a folder that holds Office.*no folder"
    ):
        load_office_caltech10("dslr")
    with pytest.raises(DataError, match=r"'data_dir' must be .*without it.*not downloaded"):
        load_office_caltech10("dslr", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"fts": counts(157), "labels": np.ones((157, 1), np.uint8)}, "other content"),
        ({"fts": counts(157), "labels": np.full((157, 1), 11, np.uint8)}, "uint8 .157, 800."),
        ({"fts": counts(157)[:, :9], "labels": np.ones((157, 1), np.uint8)}, "157, 9"),
        ({"fts": counts(156), "labels": np.ones((157, 1), np.uint8)}, "156, 800"),
        ({"fts": counts(157).astype(float), "labels": np.ones((157, 1), np.uint8)}, "float64"),
        ({"fts": counts(157)}, "another .KeyError."),
    ],
)
def test_another_file_is_refused(tmp_path, content, said):
    put(tmp_path, **content)
    with pytest.raises(DataError, match=said) as caught:
        load_office_caltech10("dslr", data_dir=tmp_path)
    assert "dslr_SURF_L10.mat" in str(caught.value)
    assert "Gong" in str(caught.value)


def test_what_is_no_matlab_file_is_refused(tmp_path):
    put(tmp_path, fts=counts(2))
    (tmp_path / "OfficeCaltech10" / "dslr_SURF_L10.mat").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"must be a MATLAB file of .fts. .* got another"):
        load_office_caltech10("dslr", data_dir=tmp_path)
