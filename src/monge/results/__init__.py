"""The records of what is finished: numbers with their spread, and the arrays behind the pictures.

Plain data without behaviour: `experiments` fills it, `report`, `store` and `cli` read it. It lies
at the bottom of the house because those rooms may not import `experiments`.
"""

from monge.results.accuracy import AccuracyResult, PairResult
from monge.results.judged import Estimated, Figures, Judged, Tried, figures_of
from monge.results.official import OfficialResult
from monge.results.run import Evidence, MethodResult, PlanResult, Result, Spread
from monge.results.verdict import ShiftResult, VerdictResult

__all__ = [
    "AccuracyResult",
    "Estimated",
    "Evidence",
    "Figures",
    "Judged",
    "MethodResult",
    "OfficialResult",
    "PairResult",
    "PlanResult",
    "Result",
    "ShiftResult",
    "Spread",
    "Tried",
    "VerdictResult",
    "figures_of",
]
