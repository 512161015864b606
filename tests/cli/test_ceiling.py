"""A table that is streamed needs the memory of a batch, however long it is, its labels too."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

from monge import Adapter
from monge.data.tables import frame, write_table

ROWS, WIDTH = 1_000_000, 16
NAMES = tuple(f"f{place}" for place in range(WIDTH))
KINDS = np.array(["ant".ljust(40, "."), "bee".ljust(40, ".")])

# A batch has 65,536 rows. Its features are 4 MiB in float32 and 8 MiB in float64, alive about eight
# times at once (read, looked through, framed, checked, moved or answered, Arrow's, the writer's):
# 50 MiB. Its labels are 8 + 89 bytes each as text of Python and 160 as text of NumPy, 16 MiB, and
# as much again while they are cut and written. What is freed stays with the allocators, about as
# much again: 160 MiB for transform; evaluate writes nothing and keeps 4 bytes a label, 85 MiB.
# Held whole, the labels would take 1e6 x (97 + 160) bytes = 245 MiB more in transform and 93 MiB
# in evaluate, and the features 61 MiB as they are read.
CEILING_MIB = {"transform": 200, "evaluate": 115}

# The same command on a few rows first, so that libraries and buffers are there; then the highest
# mark is set back, and read after the command on all rows. The last figure is the peak in MiB.
PROGRAM = """
import sys
from pathlib import Path
from monge.cli import main

def status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024

def run(*words):
    out = ["-o", f"{words[2]}.out.parquet"] if words[0] == "transform" else []
    assert main([*words, *out, "--json"]) == 0

verb, adapter, few, many = sys.argv[1:]
run(verb, adapter, few)
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
run(verb, adapter, many)
print(status("VmHWM") - before)
"""


def write(path, rows):
    draw = np.random.default_rng(0)
    with write_table(path) as put:
        for start in range(0, rows, 1 << 16):
            X = draw.normal(size=(min(1 << 16, rows - start), WIDTH)).astype(np.float32)
            columns = dict(zip(NAMES, X.T, strict=True))
            put(columns | {"kind": KINDS[(X[:, 0] > 0).astype(int)]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ceiling")
    X = np.random.default_rng(1).normal(size=(60, WIDTH)).astype(np.float32)
    adapter = Adapter("linear").fit(
        frame(X, NAMES), KINDS[(X[:, 0] > 0).astype(int)], X_target=frame(X + 1, NAMES)
    )
    adapter.save(folder / "adapter", notes={"label": "kind"})
    write(folder / "few.parquet", 1000)
    write(folder / "many.parquet", ROWS)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the peak from /proc")
@pytest.mark.parametrize("verb", CEILING_MIB)
def test_a_long_table_takes_the_memory_of_a_batch(folder, verb):
    words = [verb, "adapter", "few.parquet", "many.parquet"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.splitlines()[-1]) < CEILING_MIB[verb]
