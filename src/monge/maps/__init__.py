"""From a plan, or from moments, to a function on points never seen."""

from monge.maps.affine import AffineMap, Coral, LinearMonge, Standardise
from monge.maps.barycentric import Barycentric, NearestExtension
from monge.maps.base import CloudFit, Map, PlanFit
from monge.maps.entropic import EntropicMap, SoftAssignment

__all__ = [
    "AffineMap",
    "Barycentric",
    "CloudFit",
    "Coral",
    "EntropicMap",
    "LinearMonge",
    "Map",
    "NearestExtension",
    "PlanFit",
    "SoftAssignment",
    "Standardise",
]
