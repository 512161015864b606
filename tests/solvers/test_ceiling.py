"""A streaming solve stays under a ceiling of memory that its matrix would break."""

import subprocess
import sys
from pathlib import Path

import pytest

# n = m = 8,000 in float32. The plan, the cost or a stored kernel: 2.56e8 bytes = 244 MiB each.
# Streaming: a block has 2^21 entries = 8 MiB. Its scores, the mask of the least, the scores kept,
# the shares: about 4 blocks = 32 MiB at a time. Acceleration keeps 21 iterates and residuals of m
# float64, and their differences: 4 x 21 x 64 kB = 5 MiB. Points, potentials, biases: under 5 MiB.
# 100 MiB leaves room for what the allocator keeps, and none for half a matrix.
CEILING_MIB = 100
MATRIX_MIB = 8_000 * 8_000 * 4 / 2**20

PROGRAM = """
import torch
from monge import PointCloud, Problem, Sinkhorn

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

def solve(n, memory):
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(n, 4, generator=draw), torch.randn(n, 4, generator=draw) + 1
    solver = Sinkhorn(epsilon=0.1, tolerance=1e-2, max_sweeps=2, memory=memory)
    solution = solver.solve(Problem(PointCloud(x, y)), throw=False)
    solution.plan.barycentre(y)
    solution.plan.top(3)
    return solution.operator

solve(50, "1 GB")
before = peak()
streamed = solve(8_000, "200 MB")
after = peak()
stored = solve(8_000, "1 GB")
print(streamed, after - before, stored, peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_a_streaming_solve_stays_under_its_ceiling():
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=300
    )
    streamed, little, stored, much = ran.stdout.split()
    assert (streamed, stored) == ("stream", "stored")
    assert float(little) < CEILING_MIB
    # The gauge works: the stored kernel shows on it.
    assert float(much) > MATRIX_MIB
