"""The scikit-learn faces."""

from monge.adapters.adapter import Adapter
from monge.adapters.again import find_again
from monge.adapters.artifact import describe
from monge.adapters.auto import Auto
from monge.adapters.candidates import Candidate, Unmoved, candidates
from monge.adapters.certificate import Certificate
from monge.adapters.classifiers import CLASSIFIERS
from monge.adapters.exploring import explore
from monge.adapters.jdot import JDOT
from monge.adapters.judging import judge
from monge.adapters.loading import load
from monge.adapters.named import MAPS, TRANSPORTS
from monge.adapters.pipeline import AdapterPipeline, make_pipeline
from monge.adapters.prior import TargetPrior
from monge.adapters.relaxed import Partial, Unbalanced
from monge.adapters.trials import collect
from monge.adapters.trying import Trial
from monge.adapters.witnesses import Effort

__all__ = [
    "CLASSIFIERS",
    "JDOT",
    "MAPS",
    "TRANSPORTS",
    "Adapter",
    "AdapterPipeline",
    "Auto",
    "Candidate",
    "Certificate",
    "Effort",
    "Partial",
    "TargetPrior",
    "Trial",
    "Unbalanced",
    "Unmoved",
    "candidates",
    "collect",
    "describe",
    "explore",
    "find_again",
    "judge",
    "load",
    "make_pipeline",
]
