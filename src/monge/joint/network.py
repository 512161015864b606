"""Train a network again, on a labelled source and an unlabelled target together."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, is_dataclass

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.joint.deep import Jumbot
from monge.joint.domains import Domains, Source, Target, read_domains
from monge.joint.options import RetrainingOptions
from monge.nets import evaluating
from monge.progress import Report, silent
from monge.solvers.options import Rule, check_options
from monge.training.checks import Checks
from monge.training.engine import Course, train
from monge.training.extraction import Pool
from monge.training.layers import Hear, Layer, hearing, layer_name
from monge.training.objectives import Minibatch, Objective, Seen
from monge.training.seeds import seeded, spawn
from monge.training.state import History, TrainingState
from monge.training.watch import InfoMax, Watch

__all__ = ["Retrained", "Retraining", "said"]

COMPANION_INDEX = 2**41
"""Index of the seed of a companion's first weights, beyond any epoch's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Retrained:
    """A network that was trained again.

    Attributes
    ----------
    model
        The new network, in evaluation mode; the one that was given is as it was.
    history
        Losses and accuracy on labelled rows, by epoch.

    Examples
    --------
    >>> Retrained(model=nn.Identity(), history=History()).model
    Identity()
    """

    model: nn.Module
    history: History


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """Adapt a network by training it on both domains: no label of the target is asked for.

    Parameters
    ----------
    objective
        What is minimised: `Jumbot`, `DeepJDOT`, `PartialMinibatch`, `DANN`, one of your own, or a
        `monge.training.Sum` of several.
    layer
        Whose output is compared between the domains: a dotted name as in ``model.named_modules()``,
        or the submodule. By default it is what enters the last linear layer of the model.
    pool
        How that becomes a matrix (b, d); see `monge.training.ExtractionOptions`.
    augment
        Moves the rows of both domains by chance at each step, such as `monge.training.Affine`.
    options
        How long, how fast, on how many rows.

    Raises
    ------
    InputError
        If a value is of another kind.

    Notes
    -----
    Rows of both domains pass through the network as one batch, so that a batch normalisation sees
    them together, as it does afterwards.

    Examples
    --------
    >>> net = seeded(0, lambda: nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2)))
    >>> x, labels = torch.randn(40, 2), torch.arange(40) % 2
    >>> options = RetrainingOptions(epochs=2, steps=3, batch_size=16)
    >>> retrained = Retraining(options=options).fit(net, (x, labels), torch.randn(30, 2))
    >>> len(retrained.history), sorted(retrained.history.terms)
    (2, ['cross-entropy', 'transport'])
    """

    objective: Objective = field(default_factory=Jumbot)
    layer: Layer | None = None
    pool: Pool = "flatten"
    augment: Callable[[Tensor], Tensor] | None = None
    options: RetrainingOptions = field(default_factory=RetrainingOptions)

    def __post_init__(self) -> None:
        layer = "None, a dotted name or a torch.nn.Module"
        check_options(
            self,
            objective=Rule(
                holds=lambda value: isinstance(value, Objective),
                required="an Objective",
                remedy="pass for example Jumbot()",
            ),
            layer=Rule(
                holds=lambda value: value is None or isinstance(value, str | nn.Module),
                required=layer,
                remedy="leave it out for what enters the last linear layer",
            ),
            pool=Rule(
                holds=lambda value: callable(value) or value in ("flatten", "mean"),
                required="'flatten', 'mean' or a function",
                remedy="pass for example pool='mean'",
            ),
            augment=Rule(
                holds=lambda value: value is None or callable(value),
                required="a function of rows, or None",
                remedy="pass for example augment=Affine()",
            ),
        )
        given: object = self.options
        if not isinstance(given, RetrainingOptions):
            remedy = "pass for example options=RetrainingOptions(epochs=3)"
            text = sentence("Retraining", "options", "RetrainingOptions", repr(given), remedy)
            raise InputError(text)

    def fit(
        self,
        model: nn.Module,
        source: Source,
        target: Target,
        *,
        state: TrainingState | None = None,
        on_epoch: Callable[[TrainingState], None] | None = None,
        report: Report = silent,
    ) -> Retrained:
        """Train a copy of a network on both domains.

        Parameters
        ----------
        model
            Maps rows to logits (n, L), already trained on the source or not.
        source
            A pair of tensors, rows (n, ...) of the dtype of the model and classes (n,) int64: each
            batch then holds as many rows of each class. Or a loader of batches, which are taken as
            they come.
        target
            Rows (m, ...) as one tensor, drawn at random; or a loader, whose labels, if it has some,
            are never looked at.
        state
            Where to go on from: a state of the same model, data and options, though ``epochs`` may
            have grown (the reversal of `DANN` then follows the longer course).
        on_epoch
            Called with the state after every epoch.
        report
            Told the steps done and in all.

        Returns
        -------
        Retrained
            The trained copy and its history.

        Raises
        ------
        InputError
            If the domains, the model, the layer or the state do not fit each other.
        ConvergenceError
            If the loss stops being finite; its ``solution`` is the history up to there.

        Notes
        -----
        A loader is begun anew in each epoch, and when it ends within one, so let it shuffle. A
        training that goes on from a state meets the same batches only if the loader takes its
        chance from torch's global generator, as a ``DataLoader`` without one of its own does.
        """
        caller, options = "Retraining.fit", self.options
        checks = Checks(caller)
        example = checks.example(model)
        domains = read_domains(source, target, example.dtype, options, caller)
        classes = checks.classes(model, domains.row.to(example.device), "source")
        name = None if self.layer is None else layer_name(model, self.layer, caller)
        network = deepcopy(model)
        with hearing(network, name, self.pool, caller) as hear:
            with evaluating(network), torch.no_grad():
                width = hear(domains.row.to(example.device))[0].shape[1]
            course = Course(
                model=network,
                draws=domains.draws,
                options=options.training,
                objective=self.objective,
                see=_Both(hear, self.augment, self._late_labels(domains, classes, checks)),
                companion=self._companion(width, example),
                watch=self._watch(domains),
                caller=caller,
                task=self._task(name),
            )
            history = train(course, state=state, on_epoch=on_epoch, report=report)
        return Retrained(model=network, history=history)

    def _late_labels(
        self, domains: Domains, classes: int, checks: Checks
    ) -> Callable[[Tensor], None] | None:
        """Return what checks the labels of a loader, which come batch by batch."""
        if domains.labels is not None:
            checks.within(domains.labels, classes)
            return None
        return lambda labels: checks.within(labels, classes)

    def _companion(self, width: int, example: Tensor) -> nn.Module | None:
        seed = spawn(self.options.seed, COMPANION_INDEX)
        companion = seeded(seed, lambda: self.objective.companion(width))
        return None if companion is None else companion.to(example)

    def _watch(self, domains: Domains) -> Watch | None:
        if domains.held_out is None:
            return None
        return Watch(score=InfoMax(domains.held_out), patience=self.options.patience)

    def _task(self, layer: str | None) -> str:
        options = self.options
        parts = (
            said(self.objective),
            f"layer={layer!r}",
            f"pool={said(self.pool)}",
            f"augment={said(self.augment)}",
            f"steps={options.steps}",
            f"keep={options.keep!r}",
            f"patience={options.patience}",
        )
        return ", ".join(parts)


class _Both:
    """Runs a network over the rows of both domains at once."""

    def __init__(
        self,
        hear: Hear,
        augment: Callable[[Tensor], Tensor] | None,
        check: Callable[[Tensor], None] | None,
    ) -> None:
        self.hear, self.augment, self.check = hear, augment, check

    def __call__(self, _model: nn.Module, batch: Minibatch) -> Seen:
        """Return what the network says of both."""
        if self.check is not None:
            self.check(batch.labels)
        n = len(batch.rows)
        rows = batch.rows if batch.target is None else torch.cat([batch.rows, batch.target])
        if self.augment is not None:
            rows = self.augment(rows)
        features, scores = self.hear(rows)
        return Seen(
            scores=scores[:n],
            labels=batch.labels,
            weights=batch.weights,
            features=features[:n],
            target_scores=scores[n:],
            target_features=features[n:],
        )


def said(thing: object) -> str:
    """Say what something is, in the same words in every process.

    Examples
    --------
    >>> said(len), said(None), said(3)
    ('builtins.len', 'None', '3')
    """
    if is_dataclass(thing) or thing is None or isinstance(thing, str | int | float):
        return repr(thing)
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{named.__qualname__}"
