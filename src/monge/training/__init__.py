"""Train a classifier on the source, and turn samples into features: one loop, one seed."""

from monge.training.extraction import ExtractionOptions
from monge.training.features import Features, extract_features, predict_probabilities
from monge.training.loop import fit
from monge.training.seeds import seeded
from monge.training.state import History, TrainingOptions, TrainingState

__all__ = [
    "ExtractionOptions",
    "Features",
    "History",
    "TrainingOptions",
    "TrainingState",
    "extract_features",
    "fit",
    "predict_probabilities",
    "seeded",
]
