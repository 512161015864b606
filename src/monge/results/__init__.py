"""The records of what is finished: numbers with their spread, and the arrays behind the pictures.

Plain data without behaviour: `experiments` fills it, `report`, `store` and `cli` read it. It lies
at the bottom of the house because those rooms may not import `experiments`.
"""

from monge.results.accuracy import AccuracyResult, PairResult
from monge.results.explorer import AtRisk, Clouds, Convergence, Explorer, PlanView, Sent
from monge.results.fitted import Fitted
from monge.results.judged import Estimated, Figures, Judged, Tried, figures_of
from monge.results.official import OfficialResult
from monge.results.run import Evidence, MethodResult, PlanResult, Result, Spread
from monge.results.verdict import ShiftResult, VerdictResult

__all__ = [
    "AccuracyResult",
    "AtRisk",
    "Clouds",
    "Convergence",
    "Estimated",
    "Evidence",
    "Explorer",
    "Figures",
    "Fitted",
    "Judged",
    "MethodResult",
    "OfficialResult",
    "PairResult",
    "PlanResult",
    "PlanView",
    "Result",
    "Sent",
    "ShiftResult",
    "Spread",
    "Tried",
    "VerdictResult",
    "figures_of",
]
