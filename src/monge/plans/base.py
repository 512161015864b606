"""The plan's protocol: an (n, m) operator given by its rows, never needed whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral
from typing import NamedTuple

import torch

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, sentence
from monge.geometry.cloud import as_tensor
from monge.memory import DEFAULT_BUDGET, require_memory
from monge.numerics import full_precision, row_slices

__all__ = ["Marginals", "Plan", "Receivers"]


class Marginals(NamedTuple):
    """Mass that each source row gives (n,) and each target row gets (m,), float64.

    Examples
    --------
    >>> marginals = Marginals(source=torch.tensor([0.5, 0.5]), target=torch.tensor([1.0]))
    >>> marginals.source.sum() == marginals.target.sum()
    tensor(True)
    """

    source: Tensor
    target: Tensor


class Receivers(NamedTuple):
    """The largest receivers of each source row: mass (n, k), descending, and target row (n, k).

    Examples
    --------
    >>> from monge.plans import DensePlan
    >>> mass, row = DensePlan(torch.tensor([[0.1, 0.4], [0.5, 0.0]])).top(1)
    >>> row
    tensor([[1],
            [0]])
    """

    mass: Tensor
    row: Tensor


def _whole(k: object) -> int:
    """Return a number of receivers, refused unless it is whole and positive."""
    if not isinstance(k, bool) and isinstance(k, Integral) and int(k) >= 1:
        return int(k)
    required, remedy = "a positive whole number", "pass for example top(3)"
    raise InputError(sentence("Plan.top", "k", required, repr(k), remedy))


class Plan(ABC):
    """Mass ``P[i, j] >= 0`` sent from source row i to target row j.

    Write `shape`, `dtype`, `device` and `rows`; everything else streams over blocks of rows, so
    nothing of size n x m is made but by `dense`.

    Examples
    --------
    What every plan can do, here one that is a matrix:

    >>> from monge.plans import DensePlan
    >>> plan = DensePlan(torch.tensor([[0.25, 0.25], [0.0, 0.5]]))
    >>> plan.marginals().target
    tensor([0.2500, 0.7500], dtype=torch.float64)
    >>> plan.barycentre(torch.tensor([[0.0], [8.0]]))
    tensor([[4.],
            [8.]])
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """The floating type of the mass."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the blocks are made."""

    def __repr__(self) -> str:
        (n, m), dtype = self.shape, str(self.dtype).removeprefix("torch.")
        return f"{type(self).__name__}({n} x {m}, {dtype} on {self.device})"

    @abstractmethod
    def rows(self, start: int, stop: int) -> Tensor:
        """Return the mass sent by the source rows ``start`` to ``stop``, (stop - start, m)."""

    @full_precision()
    def push(self, v: ArrayLike) -> Tensor:
        """Carry columns from the source to the target, ``P' v``: (n, k) -> (m, k)."""
        v = self._columns(v, self.shape[0], "push")
        pushed = torch.zeros(self.shape[1], v.shape[1], dtype=torch.float64, device=self.device)
        for rows in row_slices(*self.shape):
            pushed += (self.rows(rows.start, rows.stop).T @ v[rows]).double()
        return pushed.to(self.dtype)

    @full_precision()
    def pull(self, v: ArrayLike) -> Tensor:
        """Carry columns from the target to the source, ``P v``: (m, k) -> (n, k)."""
        v = self._columns(v, self.shape[1], "pull")
        pulled = v.new_empty(self.shape[0], v.shape[1])
        for rows in row_slices(*self.shape):
            pulled[rows] = self.rows(rows.start, rows.stop) @ v
        return pulled

    def marginals(self) -> Marginals:
        """Return what each source row gives and each target row gets, summed in float64."""
        source = torch.empty(self.shape[0], dtype=torch.float64, device=self.device)
        target = torch.zeros(self.shape[1], dtype=torch.float64, device=self.device)
        for rows in row_slices(*self.shape):
            block = self.rows(rows.start, rows.stop)
            source[rows] = block.sum(1, dtype=torch.float64)
            target += block.sum(0, dtype=torch.float64)
        return Marginals(source, target)

    def barycentre(self, y: ArrayLike) -> Tensor:
        """Return the mean of the target points that each source row feeds, ``P y / P 1``.

        Parameters
        ----------
        y
            Target points, (m, d).

        Returns
        -------
        Tensor
            (n, d). A row without mass feeds nobody and has no mean: it yields NaN, and it is the
            caller who says what that means (`monge.maps.Barycentric` leaves such rows out).
        """
        y = self._columns(y, self.shape[1], "barycentre")
        pulled = self.pull(torch.cat([y, y.new_ones(len(y), 1)], dim=1))
        mass = pulled[:, -1:]
        return torch.where(mass > 0, pulled[:, :-1] / mass, torch.nan)

    def top(self, k: int) -> Receivers:
        """Return the ``k`` largest receivers of each source row (all of them where k > m).

        Raises
        ------
        InputError
            If ``k`` is no positive whole number.
        """
        k = min(_whole(k), self.shape[1])
        mass = torch.empty(self.shape[0], k, dtype=self.dtype, device=self.device)
        target = torch.empty(self.shape[0], k, dtype=torch.int64, device=self.device)
        for rows in row_slices(*self.shape):
            mass[rows], target[rows] = self.rows(rows.start, rows.stop).topk(k, dim=1)
        return Receivers(mass, target)

    def grouped_mass(self, source_groups: ArrayLike, target_groups: ArrayLike) -> Tensor:
        """Return the mass sent from each group of source rows to each group of target rows.

        Groups are classes (`class_mass`) or the bins of a picture; the plan is never made.

        Parameters
        ----------
        source_groups, target_groups
            Group of every row, (n,) and (m,) integers from 0.

        Returns
        -------
        Tensor
            (R, C) float64 for R source and C target groups.

        Raises
        ------
        InputError
            If the groups are of another length, or not integers from 0.
        """
        n, m = self.shape
        source_groups = as_tensor(source_groups, "Plan.grouped_mass", "source_groups")
        target_groups = as_tensor(target_groups, "Plan.grouped_mass", "target_groups")
        if len(source_groups) != n or len(target_groups) != m:
            raise InputError(
                sentence(
                    "Plan.grouped_mass",
                    "source_groups, target_groups",
                    f"one group for each of {n} and {m} rows",
                    f"{len(source_groups)} and {len(target_groups)}",
                    "pass the labels of the rows that the plan was made for",
                )
            )
        for name, labels in (("source_groups", source_groups), ("target_groups", target_groups)):
            if labels.dtype.is_floating_point or int(labels.min()) < 0:
                required, got = "integers from 0", f"{labels.dtype} from {labels.min()}"
                remedy = "number the groups from 0, and give unknown rows a group of their own"
                raise InputError(sentence("Plan.grouped_mass", name, required, got, remedy))
        source_groups, target_groups = (
            groups.to(self.device, torch.int64) for groups in (source_groups, target_groups)
        )
        groups = torch.zeros(
            int(source_groups.max()) + 1,
            int(target_groups.max()) + 1,
            dtype=torch.float64,
            device=self.device,
        )
        for rows in row_slices(n, m):
            block = self.rows(rows.start, rows.stop)
            by_column = block.new_zeros(len(block), groups.shape[1])
            by_column.index_add_(1, target_groups, block)
            groups.index_add_(0, source_groups[rows], by_column.double())
        return groups

    def class_mass(self, source_labels: ArrayLike, target_labels: ArrayLike) -> Tensor:
        """Return the mass from source class to target class, (L, L) float64.

        Its trace over its sum is the class sparsity of the post: the share of mass that joins
        equal classes. Labels are integers from 0 that mean the same on both sides.
        """
        source_labels = as_tensor(source_labels, "Plan.class_mass", "source_labels")
        target_labels = as_tensor(target_labels, "Plan.class_mass", "target_labels")
        size = int(max(source_labels.max(), target_labels.max())) + 1
        mass = self.grouped_mass(source_labels, target_labels)
        square = mass.new_zeros(size, size)
        square[: mass.shape[0], : mass.shape[1]] = mass
        return square

    def row_perplexity(self) -> Tensor:
        """Return how many targets each source row feeds, ``exp(entropy of the row)``, (n,).

        A row without mass feeds none: 0.
        """
        perplexity = torch.empty(self.shape[0], dtype=self.dtype, device=self.device)
        for rows in row_slices(*self.shape):
            block = self.rows(rows.start, rows.stop)
            mass = block.sum(1, keepdim=True)
            share = block / mass.clamp_min(torch.finfo(block.dtype).tiny)
            entropy = torch.special.entr(share).sum(1)
            perplexity[rows] = torch.where(mass[:, 0] > 0, entropy.exp(), 0.0)
        return perplexity

    def dense(self, *, memory: str | int = DEFAULT_BUDGET) -> Tensor:
        """Return the plan as a matrix (n, m).

        Raises
        ------
        MemoryBudgetError
            If the matrix does not fit the budget, before it is made.
        """
        n, m = self.shape
        size = torch.finfo(self.dtype).bits // 8
        require_memory(
            "Plan.dense", n * m * size, memory, "use push, pull, rows or top, or raise memory"
        )
        matrix = torch.empty(n, m, dtype=self.dtype, device=self.device)
        for rows in row_slices(n, m):
            matrix[rows] = self.rows(rows.start, rows.stop)
        return matrix

    def _columns(self, v: ArrayLike, length: int, verb: str) -> Tensor:
        """Check columns (length, k) and bring them to the plan's type."""
        if not isinstance(v, torch.Tensor):
            v = as_tensor(v, f"Plan.{verb}", "v")
        if v.ndim != 2 or len(v) != length:  # noqa: PLR2004 - rows and columns
            raise InputError(
                sentence(
                    f"Plan.{verb}",
                    "v",
                    f"of shape ({length}, k)",
                    f"shape {tuple(v.shape)}",
                    "pass one row for each row of that side of the plan",
                )
            )
        return v.to(dtype=self.dtype, device=self.device)
