"""The trainings of a run's network on both domains: kept epoch by epoch, begun where another ended.

The first stage of the row `stages` is the whole of the row `jumbot`: it is trained once.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch

from monge._types import NDArray
from monge.cache import Cache
from monge.experiments.accuracy.frozen import RETRAINED
from monge.experiments.accuracy.methods import by_head
from monge.experiments.accuracy.task import Task
from monge.joint import Retraining, Stages, StagesState
from monge.progress import Report
from monge.training import TrainingState

__all__ = ["Trail"]

_KIND = "retraining"


@dataclass(frozen=True, kw_only=True)
class Trail:
    """Keeps every stage of the trainings of one seed.

    Attributes
    ----------
    cache
        Where the states lie.
    parts
        Everything that the first weights and the images depend on.
    report
        Told the steps.
    """

    cache: Cache
    parts: dict[str, Any]
    report: Report

    def predict(self, name: str, task: Task) -> NDArray:
        """Train as the row of that name does, from where it is kept; return classes (m,)."""
        network = task.network
        if network is None:
            raise AssertionError("unreachable: a run has a network")
        training = RETRAINED[name].seeded(task.seed)
        source = network.source, torch.as_tensor(task.labels)
        spent, began = self.spent(name, task.seed), perf_counter()

        def keep(stage: int, state: TrainingState) -> None:
            seconds = spent + perf_counter() - began
            told = {"state": state.to_config(), "seconds": seconds}
            self.cache.put(_KIND, self._key(training, stage), state.tensors, told)

        states = self._states(training)
        if isinstance(training, Retraining):
            model = training.fit(
                network.model(),
                source,
                network.target,
                state=states[0] if states else None,
                on_epoch=lambda state: keep(0, state),
                report=self.report,
            ).model
        else:
            model = training.fit(
                network.model(),
                source,
                network.target,
                state=_joined(states),
                on_epoch=lambda state: keep(*_last(state)),
                report=self.report,
            ).model
        return by_head(model, network.target)

    def spent(self, name: str, seed: int) -> float:
        """Return the seconds that what is kept of a row took."""
        told = self._kept(RETRAINED[name].seeded(seed))
        return float(told[-1][1]["seconds"]) if told else 0.0

    def _states(self, training: Retraining | Stages) -> list[TrainingState]:
        return [
            TrainingState.from_config(tensors, told["state"])
            for tensors, told in self._kept(training)
        ]

    def _kept(
        self, training: Retraining | Stages
    ) -> list[tuple[dict[str, torch.Tensor], dict[str, Any]]]:
        """Return what is kept of the stages of a training, as many as there are in a row."""
        stages = 1 if isinstance(training, Retraining) else 1 + training.rounds
        found = []
        for stage in range(stages):
            kept = self.cache.get(_KIND, self._key(training, stage))
            if kept is None:
                break
            found.append(kept)
        return found

    def _key(self, training: Retraining | Stages, stage: int) -> str:
        """Return the key of a stage: the first is that of the retraining alone."""
        if stage == 0 and isinstance(training, Stages):
            training = training.retraining
        return self.cache.key(self.parts | {"training": repr(training), "stage": stage})


def _joined(states: list[TrainingState]) -> StagesState | None:
    if not states:
        return None
    return StagesState(retraining=states[0], self_training=tuple(states[1:]))


def _last(state: StagesState) -> tuple[int, TrainingState]:
    """Return the stage that is at work, and its state."""
    rounds = state.self_training
    return (len(rounds), rounds[-1]) if rounds else (0, state.retraining)
