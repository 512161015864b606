"""The benchmark runs, says what it found in the promised shape, and its yardstick is right."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from monge.errors import InputError

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Return the JSON of two quick jobs without peers, on synthetic points."""
    folder = tmp_path_factory.mktemp("bench")
    out = folder / "bench.json"
    command = [sys.executable, str(BENCHMARKS / "run.py"), "neighbours", "full-stream"]
    command += ["--quick", "--no-peers", "--repeats", "2", "--out", str(out)]
    # Without the digits nothing is read or trained, and one thread does not wait for another.
    environment = {k: v for k, v in os.environ.items() if k != "MONGE_DATA"}
    environment["OMP_NUM_THREADS"] = "1"
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text()) | {"spoken": done.stdout}


def test_record_says_where_it_was_made(record):
    assert record["complete"] is True
    assert record["quick"] is True
    assert record["seed"] == 0
    assert record["features"]["real"] is False
    assert record["environment"]["threads"] == 1
    assert {"torch", "POT", "ott-jax", "geomloss"} <= set(record["environment"]["versions"])
    assert record["environment"]["processor"]


def test_every_figure_has_its_unit(record):
    assert list(record["jobs"]) == ["neighbours", "full-stream"]
    for job in record["jobs"].values():
        assert job["sweep"]["time"]["minimum"] > 0
        assert job["sweep"]["rate"]["unit"] == "GFLOP/s"
        for row in job["rows"]:
            assert row["who"] == "monge"
            assert "absent" not in row
            assert {"time", "time_in_sweeps", "peak_memory_above_data"} <= set(row["figures"])
            assert all(figure["unit"] for figure in row["figures"].values())
            assert len(row["figures"]["time"]["all"]) == 2


def test_solve_is_measured_by_its_true_error(record):
    (row,) = record["jobs"]["full-stream"]["rows"]
    assert row["reached"] is True
    assert row["figures"]["true_error"]["value"] <= 1.01e-3
    assert row["says"]["status"] == "converged"


def test_scaled_down_run_judges_no_goal(record):
    goals = [goal for job in record["jobs"].values() for goal in job["goals"]]
    assert {goal["figure"] for goal in goals} == {"time", "peak memory above the data"}
    assert all(goal["met"] is None and goal["value"] is not None for goal in goals)
    assert "no verdict at this size" in record["spoken"]


def test_unknown_job_is_refused_before_any_work(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from run import options

    with pytest.raises(SystemExit):
        options(["fulll"])
    assert "no job fulll" in capsys.readouterr().err


def test_yardstick_against_the_dense_plan(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from plain import PlainSinkhorn, cost_scale, true_error

    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(70, 5)), generator.normal(size=(40, 5)) + 1
    cost = ((x[:, None] - y) ** 2).sum(-1)
    assert cost_scale(x, y, "mean") == pytest.approx(cost.mean(), rel=1e-12)
    assert cost_scale(x, y, "max") == pytest.approx(cost.max(), rel=1e-12)

    epsilon = 0.1 * cost.mean()
    done, error, log_u, log_v = PlainSinkhorn(x, y, epsilon, double=True).run(1e-3, 500)
    plan = np.exp(log_u[:, None] + log_v - cost / epsilon)
    rows, columns = np.abs(plan.sum(1) - 1 / 70).sum(), np.abs(plan.sum(0) - 1 / 40).sum()
    assert 1 < done < 500
    assert max(rows, columns) == pytest.approx(error, rel=1e-9)
    assert true_error(x, y, epsilon, log_u, log_v) == pytest.approx(error, rel=1e-9)

    # The iterate is the textbook's: u = 1 first, then target and source in turn.
    kernel, u = np.exp(-cost / epsilon), np.full(70, 1 / 70)
    for _ in range(done):
        v = 1 / 40 / (kernel.T @ u)
        u = 1 / 70 / (kernel @ v)
    np.testing.assert_allclose(plan, u[:, None] * kernel * v, rtol=1e-9)


@pytest.fixture(scope="module")
def on_tables(tmp_path_factory):
    """Return what the quick run on tables wrote, and its folder."""
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("tables")
    words = ["--quick", "--rows", "3000", "--scratch", str(folder), "--out", "new/tables.json"]
    command = [sys.executable, str(BENCHMARKS / "tables.py"), *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == ["new"]  # the long tables are gone
    record = json.loads((folder / "new" / "tables.json").read_text())
    return record | {"page": (folder / "new" / "tables.md").read_text(), "spoken": done.stdout}


def test_artifacts_are_weighed_and_loaded(on_tables):
    assert on_tables["environment"]["processor"]
    assert (on_tables["seed"], on_tables["fit_rows"], on_tables["columns"]) == (0, 200, 12)
    assert {"sinkhorn", "linear", "prototypes"} <= set(on_tables["artifacts"])
    assert set(on_tables["artifacts"]["sinkhorn"]) == {"float32", "float64", "CSV"}
    for row in (row for kinds in on_tables["artifacts"].values() for row in kinds.values()):
        assert set(row["bytes"]) == {"arrays.safetensors", "config.json"}
        assert row["bytes"]["arrays.safetensors"] > 200 * 12 * 3
        assert sum(row["exact_bytes"].values()) >= sum(row["bytes"].values()) - 5_000
        assert row["changed"] <= 1e-6
        assert 0 < row["load"]["minimum"] == min(row["load"]["all"])


def test_predict_is_measured_in_a_process_of_its_own(on_tables):
    (row,) = on_tables["predict"]
    assert row["rows"] == 3000
    assert row["rows_per_second"] == pytest.approx(row["rows"] / row["seconds"])
    assert 0 < row["seconds"] < row["process_seconds"]
    assert row["peak_bytes_above_libraries"] > 0
    assert row["table_bytes"] > row["rows"] * 12 * 3


def test_the_page_of_tables_names_its_command_but_no_place(on_tables):
    assert "`python benchmarks/tables.py --quick --rows 3000`" in on_tables["page"]
    assert "no figure below means anything" in on_tables["page"]
    assert on_tables["page"] in on_tables["spoken"]
    assert on_tables["page"].count("| sinkhorn | CSV |") == 1


def test_a_table_without_room_is_refused_before_it_is_written(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import tables

    monkeypatch.setattr(tables, "ARTIFACTS", {})  # nothing is begun where it is not refused
    told = tables.options(["--rows", str(10**12), "--scratch", str(tmp_path)])
    with pytest.raises(OSError, match=r"need 672,?000.* GB on the disk of .*; name another with"):
        tables.measure(told, print)
    assert list(tmp_path.iterdir()) == []
    assert tables.options([]).rows == 5_000_000
    with pytest.raises(SystemExit):
        tables.options(["--rows", "3"])


def test_some_jobs_are_replaced_in_a_record_of_the_same_points_alone(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import run

    made = {"format": 1, "seed": 0, "repeats": 3, "quick": False, "features": {"real": True}}
    out = tmp_path / "bench.json"
    out.write_text(json.dumps({**made, "jobs": {"map": 1}, "complete": True, "began": "then"}))
    kept = run.updated(out, {**made, "jobs": {}, "began": "now"})
    assert (kept["jobs"], kept["complete"], kept["began"]) == ({"map": 1}, False, "then")
    for change in ({"seed": 1}, {"features": {"real": False}}):
        with pytest.raises(InputError, match="--update"):
            run.updated(out, {**made, **change})
    with pytest.raises(InputError, match="--update"):
        run.updated(tmp_path / "none.json", made)
