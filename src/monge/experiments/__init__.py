"""The named runs: data flowing through the rooms, from raw files to a result."""

from monge.experiments.named import EXPERIMENTS, Experiment
from monge.experiments.options import RunOptions
from monge.experiments.run import Finished, run

__all__ = ["EXPERIMENTS", "Experiment", "Finished", "RunOptions", "run"]
