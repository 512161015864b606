"""Plan and classifier learned together: by turns, or in a network trained again on both domains."""

from monge.joint.adversarial import DANN
from monge.joint.deep import DeepJDOT, Jumbot, PartialMinibatch
from monge.joint.jdot import JointTransport
from monge.joint.network import Retrained, Retraining
from monge.joint.options import RetrainingOptions
from monge.joint.self_training import SelfTraining
from monge.joint.stages import Staged, Stages, StagesState
from monge.joint.views import Views
from monge.joint.votes import GraphVotes

__all__ = [
    "DANN",
    "DeepJDOT",
    "GraphVotes",
    "JointTransport",
    "Jumbot",
    "PartialMinibatch",
    "Retrained",
    "Retraining",
    "RetrainingOptions",
    "SelfTraining",
    "Staged",
    "Stages",
    "StagesState",
    "Views",
]
