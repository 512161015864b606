"""Train a classifier on the source, and turn samples into features: one loop, one seed."""

from monge.training.augment import Affine
from monge.training.extraction import ExtractionOptions
from monge.training.features import Features, extract_features, predict_probabilities
from monge.training.loop import fit
from monge.training.objectives import CrossEntropy, Minibatch, Objective, Seen, Sum
from monge.training.seeds import seeded
from monge.training.state import History, TrainingOptions, TrainingState
from monge.training.watch import InfoMax, Watch

__all__ = [
    "Affine",
    "CrossEntropy",
    "ExtractionOptions",
    "Features",
    "History",
    "InfoMax",
    "Minibatch",
    "Objective",
    "Seen",
    "Sum",
    "TrainingOptions",
    "TrainingState",
    "Watch",
    "extract_features",
    "fit",
    "predict_probabilities",
    "seeded",
]
