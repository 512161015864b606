"""What is known of both domains between two trainings."""

from __future__ import annotations

from dataclasses import dataclass

from monge._types import Tensor

__all__ = ["Views"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Views:
    """What the votes on the target may be made from.

    Attributes
    ----------
    source, target
        Features of both domains in the retrained network, (n, d) and (m, d).
    labels
        Classes of the source rows, (n,) int64.
    scores
        Logits of the target rows, (m, L).
    rows
        The target rows themselves, (m, ...), a second view that the network has not touched.

    Examples
    --------
    The votes of the network itself:

    >>> import torch
    >>> views = Views(
    ...     source=torch.zeros(2, 1),
    ...     target=torch.zeros(1, 1),
    ...     labels=torch.tensor([0, 1]),
    ...     scores=torch.zeros(1, 2),
    ...     rows=torch.zeros(1, 3),
    ... )
    >>> torch.softmax(views.scores, dim=1)
    tensor([[0.5000, 0.5000]])
    """

    source: Tensor
    target: Tensor
    labels: Tensor
    scores: Tensor
    rows: Tensor
