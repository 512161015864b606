"""What a run may be told, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass

from monge._types import EpsilonScale
from monge.errors import InputError, sentence
from monge.solvers import Sinkhorn
from monge.training import TrainingOptions

__all__ = ["FULL_TOLERANCE", "PLAN_TOLERANCE", "RunOptions", "check_seeds"]

PLAN_TOLERANCE = 1e-6
"""L1 marginal error of the runs' entropic plan."""

FULL_TOLERANCE = 1e-4
"""L1 marginal error of the plan of all rows, within what float32 gives."""

_LARGEST = 2**32 - 1
"""The largest seed of ``numpy.random.RandomState``, which draws the plan's rows."""


def _whole(value: object, least: int) -> bool:
    """Whether it is a whole number, which a boolean is not, from ``least`` on."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LARGEST


def check_seeds(caller: str, seeds: tuple[int, ...]) -> None:
    """Refuse seeds that are none, repeated, or out of range."""
    if not seeds or len(set(seeds)) < len(seeds) or not all(_whole(s, 0) for s in seeds):
        required = f"different whole numbers from 0 to {_LARGEST}"
        remedy = "pass for example --seeds 0 1 2"
        raise InputError(sentence(caller, "seeds", required, seeds, remedy))


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How an experiment is run; the defaults are the post's.

    Attributes
    ----------
    seeds
        One training, one draw of the plan's rows and one column of every figure for each.
    epochs
        Passes over the source in training.
    double_softmax
        Whether the network's softmax output is given to the cross-entropy, as in the post.
    n_channels
        1, or 3 by replication.
    plan_rows
        Random rows of each side that the plans are made of.
    epsilon, epsilon_scale
        Of the entropic plan.
    full
        Whether the table also has the plan of all rows of both sides.
    retrain
        Whether it also has the rows that train the network again, on both domains: minutes a seed.

    Examples
    --------
    >>> RunOptions(seeds=(0, 1, 2)).solver().tolerance
    1e-06
    """

    seeds: tuple[int, ...] = (0,)
    epochs: int = 10
    double_softmax: bool = True
    n_channels: int = 1
    plan_rows: int = 2560
    epsilon: float = 1e-2
    epsilon_scale: EpsilonScale = "max"
    full: bool = False
    retrain: bool = False

    def __post_init__(self) -> None:
        self.training(0)
        self.solver()
        check_seeds("RunOptions", self.seeds)
        if isinstance(self.n_channels, bool) or self.n_channels not in (1, 3):
            required, remedy = "1 or 3", "pass 1 for grey images"
            raise InputError(
                sentence("RunOptions", "n_channels", required, self.n_channels, remedy)
            )
        if not _whole(self.plan_rows, 1):
            required, remedy = "a positive whole number of rows", "pass for example 2560"
            raise InputError(sentence("RunOptions", "plan_rows", required, self.plan_rows, remedy))

    def training(self, seed: int) -> TrainingOptions:
        """Return how the network is trained for a seed."""
        return TrainingOptions(epochs=self.epochs, seed=seed)

    def solver(self) -> Sinkhorn:
        """Return the entropic solver of the run."""
        return Sinkhorn(
            epsilon=self.epsilon, epsilon_scale=self.epsilon_scale, tolerance=PLAN_TOLERANCE
        )
