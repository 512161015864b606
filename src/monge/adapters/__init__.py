"""The scikit-learn faces."""

from monge.adapters.adapter import Adapter
from monge.adapters.named import MAPS, TRANSPORTS

__all__ = ["MAPS", "TRANSPORTS", "Adapter"]
