"""What it costs to move a point: costs in blocks, never whole."""

from monge.geometry.base import Factors, Geometry
from monge.geometry.cloud import PointCloud
from monge.geometry.dense import DenseCost
from monge.geometry.offsets import OffsetCost

__all__ = ["DenseCost", "Factors", "Geometry", "OffsetCost", "PointCloud"]
