"""Exact nearest neighbours in blocks, ties broken by index."""

from monge.neighbors.across import nearest
from monge.neighbors.within import Neighbours, nearest_others

__all__ = ["Neighbours", "nearest", "nearest_others"]
