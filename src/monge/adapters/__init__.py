"""The scikit-learn faces."""

from monge.adapters.adapter import Adapter
from monge.adapters.named import MAPS, TRANSPORTS
from monge.adapters.prior import TargetPrior
from monge.adapters.relaxed import Partial, Unbalanced

__all__ = ["MAPS", "TRANSPORTS", "Adapter", "Partial", "TargetPrior", "Unbalanced"]
