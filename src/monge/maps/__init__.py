"""From a plan, or from moments, to a function on points never seen."""

from monge.maps.affine import AffineMap, Coral, LinearMonge, Standardise
from monge.maps.barycentric import Barycentric, NearestExtension
from monge.maps.base import CloudFit, JointFit, Map, PlanFit
from monge.maps.entropic import EntropicMap, SoftAssignment
from monge.maps.kernel import Kernel, KernelMap
from monge.maps.mapping import MappingEstimation
from monge.maps.ridge import Ridge

__all__ = [
    "AffineMap",
    "Barycentric",
    "CloudFit",
    "Coral",
    "EntropicMap",
    "JointFit",
    "Kernel",
    "KernelMap",
    "LinearMonge",
    "Map",
    "MappingEstimation",
    "NearestExtension",
    "PlanFit",
    "Ridge",
    "SoftAssignment",
    "Standardise",
]
