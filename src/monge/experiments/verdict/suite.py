"""The suite: every shift on which the verdict is measured, by name."""

from __future__ import annotations

from pathlib import Path

from monge.data import SHIFTS, Shift
from monge.data.changes import Draw
from monge.data.more_shifts import MORE_SHIFTS
from monge.experiments.verdict.case import Case, Domains
from monge.experiments.verdict.pairs import COLLECTIONS
from monge.experiments.verdict.tables import CUTS, HALVES

__all__ = ["FAMILIES", "SUITE"]


_HIDDEN = frozenset(
    (
        *("blobs-permuted-labels", "digits-permuted-labels", "wide-permuted-labels"),
        *("moons-permuted-labels", "corners-half-renamed"),
        *("corners-turned-180", "corners-mirrored", "moons-turned-round"),
    )
)


def _of_shift(shift: Shift) -> Case:
    def build(draw: Draw, _: Path | None) -> Domains:
        return Domains(*shift.make(int(draw.integers(1 << 31))))

    return Case(
        name=shift.name,
        family=shift.family,
        kind="synthetic",
        about=shift.about,
        build=build,
        hidden=shift.name in _HIDDEN,
    )


_CASES = (
    *map(_of_shift, SHIFTS.values()),
    *map(_of_shift, MORE_SHIFTS.values()),
    *HALVES,
    *CUTS,
    *COLLECTIONS,
)

SUITE: dict[str, Case] = {
    case.name: case for case in sorted(_CASES, key=lambda case: (case.kind == "real", case.family))
}
"""Every case by name; those of a family stand together, the made ones first."""

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(case.family for case in SUITE.values()))
"""The families, in the order of the suite."""
