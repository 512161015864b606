"""The named runs: data flowing through the rooms, from raw files to a result."""

from monge.experiments.accuracy.bench import bench_accuracy
from monge.experiments.accuracy.options import AccuracyOptions
from monge.experiments.named import EXPERIMENTS, Experiment
from monge.experiments.options import RunOptions
from monge.experiments.run import Finished, run
from monge.experiments.version import code_version

__all__ = [
    "EXPERIMENTS",
    "AccuracyOptions",
    "Experiment",
    "Finished",
    "RunOptions",
    "bench_accuracy",
    "code_version",
    "run",
]
