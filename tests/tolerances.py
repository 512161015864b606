"""How far a number may be from its truth: one table, by quantity and floating type.

A tolerance is relative to the size that the test names (the largest cost, the total mass, ...).
float32 rounds at 6e-8 and float64 at 1e-16; each row says what multiplies that.
"""

import torch

__all__ = ["tolerance"]

_TABLE = {
    # A sum of squared differences, expanded: a few roundings of the largest cost.
    "cost": (2e-6, 1e-13),
    # The root of such a sum: near zero the rounding of the square shows by its root, 2e-6 ** 0.5.
    "root cost": (2e-3, 3e-7),
    # An entry exp(score): the rounding of a score, some tens in size.
    "mass": (2e-5, 1e-12),
    # Sums and means of such entries, relative to the largest of them.
    "sum": (2e-5, 1e-12),
    # A marginal error that a sweep measured, against that of the plan's own rounded entries.
    "stated": (2e-5, 1e-9),
    # A point that went through a d x d product, relative to the largest coordinate.
    "point": (1e-5, 1e-11),
    # A matrix made by eigenvalues in float64, then rounded.
    "matrix": (1e-5, 1e-10),
}


def tolerance(quantity, dtype):
    """Return the tolerance of a quantity in a floating type."""
    return _TABLE[quantity][dtype == torch.float64]
