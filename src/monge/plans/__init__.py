"""Who sends mass to whom: operators of size n x m that are rarely matrices."""

from monge.plans.base import Plan
from monge.plans.dense import DensePlan
from monge.plans.entropic import EntropicPlan
from monge.plans.gibbs import GibbsKernel
from monge.plans.sparse import SparsePlan

__all__ = ["DensePlan", "EntropicPlan", "GibbsKernel", "Plan", "SparsePlan"]
