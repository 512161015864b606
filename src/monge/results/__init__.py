"""The records of what is finished: numbers with their spread, and the arrays behind the pictures.

Plain data without behaviour: `experiments` fills it, `report`, `store` and `cli` read it. It lies
at the bottom of the house because those rooms may not import `experiments`.
"""

from monge.results.accuracy import AccuracyResult, PairResult
from monge.results.official import OfficialResult
from monge.results.run import Evidence, MethodResult, PlanResult, Result, Spread

__all__ = [
    "AccuracyResult",
    "Evidence",
    "MethodResult",
    "OfficialResult",
    "PairResult",
    "PlanResult",
    "Result",
    "Spread",
]
