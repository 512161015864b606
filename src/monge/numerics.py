"""Streaming reductions over blocks, matrix powers, and the precision of products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch

from monge._types import Tensor

__all__ = ["full_precision", "moments", "resolve_dtype", "row_slices", "symmetric_power", "tf32"]

BLOCK_ELEMENTS = 2**21
"""Entries of one block: 8 MiB of float32, which stays near the processor."""


def row_slices(n: int, m: int, *, elements: int = BLOCK_ELEMENTS) -> Iterator[slice]:
    """Cut ``n`` rows of width ``m`` into slices of at most `elements` entries (one row at least).

    Examples
    --------
    >>> list(row_slices(5, 10, elements=20))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    rows = max(1, elements // max(m, 1))
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))


def resolve_dtype(*tensors: Tensor) -> torch.dtype:
    """Return float64 where any tensor is float64, else float32.

    Examples
    --------
    >>> resolve_dtype(torch.zeros(2), torch.zeros(2, dtype=torch.float64))
    torch.float64
    """
    return torch.float64 if any(t.dtype == torch.float64 for t in tensors) else torch.float32


_TF32: ContextVar[bool] = ContextVar("tf32", default=False)


@contextmanager
def tf32() -> Iterator[None]:
    """Let monge multiply float32 as TF32 in here, on GPUs that can; it does so nowhere else.

    That is several times faster and keeps 11 bits of each factor. The sweeps that certify a plan
    are then of the costs so rounded: about three digits of each, whatever tolerance was asked for.

    Examples
    --------
    >>> import monge
    >>> x = torch.tensor([[0.0], [1.0]])
    >>> with tf32():
    ...     solution = monge.Sinkhorn().solve(monge.Problem(monge.PointCloud(x, x)))
    """
    token = _TF32.set(True)
    try:
        yield
    finally:
        _TF32.reset(token)


@contextmanager
def full_precision() -> Iterator[None]:
    """Multiply float32 as float32 in here, whatever the process is set to, and put that back.

    TF32 and bf16 keep 11 and 8 bits of a factor: a plan made with them may not meet its marginals.
    Only inside `tf32` is TF32 used. The setting is the process's own: other threads meet it as well
    meanwhile. It serves as a decorator too.

    Examples
    --------
    >>> with full_precision():
    ...     product = torch.ones(2, 2) @ torch.ones(2, 2)
    """
    backends: list[Any] = [
        getattr(backend, "matmul", None) for backend in (torch.backends.cuda, torch.backends.mkldnn)
    ]
    if not all(hasattr(backend, "fp32_precision") for backend in backends):
        before = torch.get_float32_matmul_precision()  # PyTorch before 2.9
        torch.set_float32_matmul_precision("high" if _TF32.get() else "highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
        return
    told = [backend.fp32_precision for backend in backends]
    try:
        for backend in backends:
            backend.fp32_precision = "ieee"
        if _TF32.get():
            backends[0].fp32_precision = "tf32"
        yield
    finally:
        for backend, precision in zip(backends, told, strict=True):
            backend.fp32_precision = precision


def moments(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and covariance of the rows of ``x``, in float64.

    Parameters
    ----------
    x
        Points, (n, d).
    weights
        Non-negative, (n,); their sum is divided out.

    Returns
    -------
    mean
        (d,) float64.
    covariance
        (d, d) float64, the biased (maximum likelihood) form.

    Examples
    --------
    >>> mean, covariance = moments(torch.tensor([[0.0], [4.0]]), torch.tensor([3.0, 1.0]))
    >>> mean.item(), covariance.item()
    (1.0, 3.0)
    """
    weights = weights.double() / weights.double().sum()
    mean = weights @ x.double()
    centred = x.double() - mean
    return mean, (centred * weights[:, None]).T @ centred


def symmetric_power(matrix: Tensor, exponent: float, *, floor: float = 1e-12) -> Tensor:
    """Power of a symmetric positive semi-definite matrix by its eigenvalues.

    Parameters
    ----------
    matrix
        Symmetric, (d, d).
    exponent
        Any real number, e.g. ``-0.5`` for the inverse root.
    floor
        Eigenvalues below ``floor`` times the largest count as zero: they are dropped for a negative
        exponent (the pseudo-inverse), so that a flat direction is left alone and never blown up.

    Returns
    -------
    Tensor
        (d, d), of the dtype of ``matrix``.

    Examples
    --------
    >>> symmetric_power(torch.diag(torch.tensor([4.0, 0.0])), -0.5)  # the flat direction stays flat
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    values, vectors = torch.linalg.eigh(matrix.double())
    kept = values > floor * values[-1].clamp_min(torch.finfo(torch.float64).tiny)
    powered = torch.where(kept, values.clamp_min(0).pow(exponent), 0.0)
    power: Tensor = (vectors * powered) @ vectors.T
    return power.to(matrix.dtype)
