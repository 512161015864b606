"""Judging without target labels: evidence of a candidate, scores that are functions of it, a rule.

Nothing here knows how candidates are made: `monge.adapters.collect` tries them, `monge.judge`
gives the verdict.
"""

from monge.verdict.estimate import Estimate
from monge.verdict.evidence import DomainOdds, Evidence, PlanHealth
from monge.verdict.network import Rule, Said
from monge.verdict.rule import Ruling, decide
from monge.verdict.score import Score
from monge.verdict.scores import SCORES, scores_of
from monge.verdict.shift import ClassShare, Shift, shift_of
from monge.verdict.verdict import Choice, ClassEstimate, Item, Tried, Verdict
from monge.verdict.votes import agreeing, soft_votes

__all__ = [
    "SCORES",
    "Choice",
    "ClassEstimate",
    "ClassShare",
    "DomainOdds",
    "Estimate",
    "Evidence",
    "Item",
    "PlanHealth",
    "Rule",
    "Ruling",
    "Said",
    "Score",
    "Shift",
    "Tried",
    "Verdict",
    "agreeing",
    "decide",
    "scores_of",
    "shift_of",
    "soft_votes",
]
