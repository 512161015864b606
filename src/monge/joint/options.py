"""How a network is trained on two domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from monge.errors import InputError, sentence
from monge.solvers.options import check_options, one_of, or_none, positive, whole
from monge.training.seeds import require_seed
from monge.training.state import TrainingOptions

__all__ = ["Keep", "RetrainingOptions"]

Keep = Literal["last", "best"]


@dataclass(frozen=True, kw_only=True)
class RetrainingOptions:
    """How long, how fast and on how many rows: with data and first weights these decide the result.

    Attributes
    ----------
    epochs
        Blocks of steps, after each of which the state is offered to be kept, at least 1.
    steps
        Steps of Adam in an epoch, at least 1.
    batch_size
        Source rows in a step, shared out evenly over the classes, and as many of the target.
    learning_rate
        Step size of Adam, positive.
    seed
        Decides which rows meet, and all other chance.
    keep
        Which weights are returned: the ``"last"``; or the ``"best"`` by the mutual information of
        rows and predictions (`monge.training.InfoMax`) on a tenth of the target, ten rows at the
        least, that no step sees; a target of fewer than twenty is refused.
        No label of the target is looked at for that. It is not the default, because being sure is
        not being right.
    patience
        With ``keep="best"``: epochs without anything better after which the training ends early.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    >>> RetrainingOptions(epochs=3).steps  # 300 steps in all
    100
    """

    epochs: int = 12
    steps: int = 100
    batch_size: int = 260
    learning_rate: float = 2e-4
    seed: int = 0
    keep: Keep = "last"
    patience: int | None = None

    def __post_init__(self) -> None:
        check_options(
            self,
            epochs=whole("pass 1 or more", "a positive integer"),
            steps=whole("pass 1 or more", "a positive integer"),
            batch_size=whole("pass 1 or more", "a positive integer"),
            learning_rate=positive("pass for example 1e-3"),
            keep=one_of(get_args(Keep), "pass for example keep='last'"),
            patience=or_none(whole("pass 1 or more", "a positive integer")),
        )
        require_seed("RetrainingOptions", self.seed)
        if self.patience is not None and self.keep != "best":
            required, remedy = "None where the last weights are kept", "pass keep='best' with it"
            text = sentence("RetrainingOptions", "patience", required, self.patience, remedy)
            raise InputError(text)

    @property
    def training(self) -> TrainingOptions:
        """What the training loop is told."""
        return TrainingOptions(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )
