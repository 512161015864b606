"""The published nearest-neighbour row of Office-Caltech10, to the digit, and every transport on it.

The script under `benchmarks/` holds the protocol; the test reads the data and never downloads.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def office():
    """Return the script as a module."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import office
    finally:
        sys.path.remove(str(BENCHMARKS))
    return office


@pytest.fixture(scope="module")
def folder():
    """Return the data folder, or skip."""
    named = os.environ.get("MONGE_DATA")
    found = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not (found / "OfficeCaltech10").is_dir():
        pytest.skip(f"no OfficeCaltech10 in {found}; set MONGE_DATA to a folder that holds it")
    return found


def test_the_published_row_of_the_nearest_neighbour_to_the_digit(office, folder):
    domains = office.read(folder)
    ready = {letter: office.prepare(domain) for letter, domain in domains.items()}
    row = {
        f"{first}-{second}": office.nearest_alone(ready[first], ready[second])["nearest"]
        for first, second in office.PAIRS
    }
    assert {pair: round(value, 1) for pair, value in row.items()} == office.PUBLISHED
    assert round(np.mean(list(row.values())), 1) == 31.4


def test_every_prepared_domain_is_standardised(office, folder):
    for domain in map(office.prepare, office.read(folder).values()):
        np.testing.assert_allclose(domain.X.mean(0), 0, atol=1e-12)
        np.testing.assert_allclose(domain.X.std(0, ddof=1), 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["linear", "sinkhorn", "ridge", "prototypes"])
def test_a_transport_is_better_than_none_in_the_mean(office, folder, name):
    rows = office.measure(office.read(folder), [name], lambda _: None)
    assert rows[name]["mean"] > 31.4 + 2


def test_data_of_another_kind_is_refused_in_a_sentence(office, tmp_path, capsys):
    with pytest.raises(OSError, match=r"there is no .*caltech_SURF_L10\.mat; name the folder"):
        office.read(tmp_path)
    with pytest.raises(SystemExit):
        office.main(["--data-dir", str(tmp_path), "no-such-method"])
    assert "no method no-such-method" in capsys.readouterr().err


def test_the_page_says_what_failed_and_what_the_means_are(office, tmp_path, monkeypatch):
    draw = np.random.default_rng(0)
    domains = {
        letter: office.Domain(draw.random((30, 5)) + 0.1, np.repeat(np.arange(1, 4), 10))
        for letter in office.DOMAINS
    }
    monkeypatch.setattr(office, "read", lambda _: domains)

    def refuse(source, target):
        raise office.DataError("refuse: not this pair.")

    monkeypatch.setitem(office.METHODS, "refuse", refuse)
    out = tmp_path / "new" / "office.json"
    told = ["none", "sinkhorn", "refuse"]
    office.main(["--data-dir", str(tmp_path), "--out", str(out), *told])
    record = json.loads(out.read_text())
    assert list(record["rows"]) == told
    assert record["rows"]["refuse"]["mean"] is None
    row = record["rows"]["sinkhorn"]
    assert row["mean"] == pytest.approx(np.mean([s["nearest"] for s in row["pairs"].values()]))
    page = out.with_suffix(".md").read_text()
    assert "- refuse, C-A: DataError: refuse: not this pair." in page
    assert f"| sinkhorn | {row['mean']:.1f} |" in page
