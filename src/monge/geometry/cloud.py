"""Two clouds of points and a cost between them, computed in blocks and never whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import torch

from monge._types import ArrayLike, CostName, Tensor
from monge.errors import InputError, sentence
from monge.geometry.base import Factors, Geometry
from monge.geometry.costs import CostFunction, check_cost, cosine_rows, pairwise
from monge.numerics import resolve_dtype

__all__ = ["PointCloud", "as_points", "as_tensor"]

_CENTRE_ROUNDING = 1e-15
"""Rounding of the float64 centre of the points, relative to their largest coordinate."""


def as_tensor(array: ArrayLike, caller: str, parameter: str) -> Tensor:
    """Turn an array of real numbers into a tensor, out of any gradient's sight.

    A data frame or a series is taken as the array that it stands for, whatever its rows and columns
    are called. A read-only array, or one that is read backwards, is copied: a tensor can share
    neither.

    Raises
    ------
    InputError
        If it is no array of real numbers.
    """
    try:
        tensor = torch.as_tensor(_as_array(array)).detach()
        got = f"dtype {tensor.dtype}"
    except (TypeError, ValueError, RuntimeError, LookupError, OverflowError) as error:
        got = " ".join(str(error).split())
    else:
        if not tensor.is_complex():
            return tensor
    raise InputError(
        sentence(caller, parameter, "an array of real numbers", got, "pass a float array")
    )


def _as_array(given: Any) -> Any:
    """Turn what is neither array nor tensor but has an array into it, such as a data frame."""
    if isinstance(given, torch.Tensor):
        return given
    if hasattr(given, "__array__"):
        given = np.asarray(given)
    elif hasattr(given, "to_numpy"):
        given = given.to_numpy()
    if not isinstance(given, np.ndarray):
        return given
    if given.dtype == object and all(isinstance(value, Real) for value in given.flat):
        return given.astype(np.float64)  # columns of several types
    shared = given.flags.writeable and all(stride >= 0 for stride in given.strides)
    return given if shared else given.copy()


def as_points(points: ArrayLike, caller: str, parameter: str) -> Tensor:
    """Turn an array into a checked (n, d) floating tensor.

    Raises
    ------
    InputError
        If it is not two-dimensional, is empty, or holds NaN or infinity.
    """
    tensor = as_tensor(points, caller, parameter)
    if tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.to(torch.float32)
    if tensor.ndim != 2 or 0 in tensor.shape:  # noqa: PLR2004 - rows and columns
        raise InputError(
            sentence(
                caller,
                parameter,
                "a non-empty array of shape (rows, features)",
                f"shape {tuple(tensor.shape)}",
                "pass one row per point, and at least one",
            )
        )
    if bool(torch.isfinite(tensor.sum())):
        return tensor  # a sum of what is not finite is not: no need to look at each
    finite = torch.isfinite(tensor)
    if not bool(finite.all()):
        row, column = (int(v) for v in (~finite).nonzero()[0])
        raise InputError(
            sentence(
                caller,
                parameter,
                "finite",
                f"{float(tensor[row, column])} at row {row}, column {column}",
                "drop or impute such rows first",
            )
        )
    return tensor


@dataclass(frozen=True, eq=False, repr=False)
class PointCloud(Geometry):
    """Source points ``x`` (n, d), target points ``y`` (m, d), and the cost of moving x to y.

    Parameters
    ----------
    x, y
        Arrays, data frames or tensors of the same width. float64 in either gives float64
        throughout, everything else becomes float32. Tensors stay on their device.
    cost
        ``"sqeuclidean"``, ``"euclidean"``, ``"cosine"``, or a callable on blocks,
        ``(r, d), (m, d) -> (r, m)``.

    Raises
    ------
    InputError
        If the points are not finite, empty, or differ in width, or if a row is zero and the cost
        is the cosine.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = PointCloud(np.zeros((2, 3)), np.ones((4, 3)))
    >>> cloud.shape, cloud.max()
    ((2, 4), 3.0)
    """

    x: Tensor
    y: Tensor
    cost: CostName | CostFunction = "sqeuclidean"

    def __post_init__(self) -> None:
        check_cost(self.cost)
        x, y = as_points(self.x, "PointCloud", "x"), as_points(self.y, "PointCloud", "y")
        if x.shape[1] != y.shape[1]:
            raise InputError(
                sentence(
                    "PointCloud",
                    "y",
                    f"of the same width as x ({x.shape[1]} features)",
                    f"{y.shape[1]} features",
                    "give both clouds the same features in the same order",
                )
            )
        if x.device != y.device:
            raise InputError(
                sentence("PointCloud", "y", f"on {x.device} as x is", y.device, "move one of them")
            )
        dtype = resolve_dtype(x, y)
        object.__setattr__(self, "x", x.to(dtype))
        object.__setattr__(self, "y", y.to(dtype))
        if self.cost == "cosine":
            _ = self._prepared  # a zero row is refused here and not in the middle of a solve

    def __repr__(self) -> str:
        n, m = self.shape
        cost = getattr(self.cost, "__name__", self.cost)
        return f"PointCloud({n} x {m}, {self.x.shape[1]} features, {cost}, {self._held})"

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return len(self.x), len(self.y)

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the points."""
        return self.x.dtype

    @property
    def device(self) -> torch.device:
        """Where the points lie."""
        return self.x.device

    @cached_property
    def _prepared(self) -> tuple[Tensor, Tensor]:
        """Points as the cost wants them: centred on the target mean, or of length one.

        Distances do not change under a common shift, but their rounding does: the expanded square
        |x|^2 + |y|^2 - 2xy loses digits in proportion to the distance from the origin.
        """
        if self.cost == "cosine":
            return cosine_rows(self.x), cosine_rows(self.y)
        if self.cost in ("sqeuclidean", "euclidean"):
            centre = self.y.double().mean(0).to(self.dtype)
            return self.x - centre, self.y - centre
        return self.x, self.y

    def block(self, rows: slice) -> Tensor:
        """Return the costs of some source rows to all targets, (r, m)."""
        x, y = self._prepared
        return pairwise(self.cost, x[rows], y)

    def factors(self) -> Factors | None:
        """Return the cost as a product: squared Euclidean and cosine costs are one."""
        return self._factors

    @cached_property
    def _factors(self) -> Factors | None:
        x, y = self._prepared
        if self.cost == "sqeuclidean":
            return Factors(left=x, right=2 * y, row=(x * x).sum(1), column=(y * y).sum(1))
        if self.cost == "cosine":
            return Factors(
                left=x, right=y, row=torch.ones_like(x[:, 0]), column=y.new_zeros(len(y))
            )
        return None

    def select(self, rows: Tensor | None, columns: Tensor | None) -> PointCloud:
        """Return the cloud of some source rows and target columns; ``None`` keeps all."""
        return replace(
            self,
            x=self.x if rows is None else self.x[rows],
            y=self.y if columns is None else self.y[columns],
        )

    def transpose(self) -> PointCloud:
        """Return the cloud with source and target exchanged."""
        cost = self.cost
        if not isinstance(cost, str):
            forward = cost
            cost = lambda x, y: forward(y, x).T  # noqa: E731 - the same cost read the other way
        return PointCloud(self.y, self.x, cost)

    def to(self, dtype: torch.dtype) -> PointCloud:
        """Return the same cloud in another floating type."""
        if dtype == self.dtype:
            return self  # with what it has worked out already
        return replace(self, x=self.x.to(dtype), y=self.y.to(dtype))

    def mean(self, a: Tensor, b: Tensor) -> float:
        """Return the mean cost of the independent plan; in closed form where the cost allows.

        Zero where it is no more than the rounding of the centre, as for points that are all equal.
        """
        factors = self.factors()
        if factors is None:
            return super().mean(a, b)
        a, b = a.double() / a.double().sum(), b.double() / b.double().sum()
        cross = (a @ factors.left.double()) @ (b @ factors.right.double())
        mean = float(a @ factors.row.double() + b @ factors.column.double() - cross)
        reach = max(float(self.x.abs().max()), float(self.y.abs().max()))
        rounding = self.x.shape[1] * (_CENTRE_ROUNDING * reach) ** 2 if self.cost != "cosine" else 0
        return mean if mean > rounding else 0.0
