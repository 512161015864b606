"""The named runs: data flowing through the rooms, from raw files to a result."""

from monge.experiments.accuracy.bench import bench_accuracy
from monge.experiments.accuracy.options import AccuracyOptions
from monge.experiments.named import EXPERIMENTS, Experiment
from monge.experiments.options import RunOptions
from monge.experiments.run import Finished, run
from monge.experiments.verdict.bench import Where, bench_verdict
from monge.experiments.verdict.case import Case
from monge.experiments.verdict.options import VerdictOptions
from monge.experiments.verdict.suite import SUITE
from monge.experiments.version import code_version

__all__ = [
    "EXPERIMENTS",
    "SUITE",
    "AccuracyOptions",
    "Case",
    "Experiment",
    "Finished",
    "RunOptions",
    "VerdictOptions",
    "Where",
    "bench_accuracy",
    "bench_verdict",
    "code_version",
    "run",
]
