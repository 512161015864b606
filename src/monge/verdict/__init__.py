"""Judging without target labels: evidence of a candidate, and scores that are functions of it."""

from monge.verdict.evidence import DomainOdds, Evidence, PlanHealth
from monge.verdict.score import Score
from monge.verdict.scores import SCORES, scores_of
from monge.verdict.votes import agreeing, soft_votes

__all__ = [
    "SCORES",
    "DomainOdds",
    "Evidence",
    "PlanHealth",
    "Score",
    "agreeing",
    "scores_of",
    "soft_votes",
]
