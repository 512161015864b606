"""More synthetic shifts: those of other beginnings, and those on which transport is known to fail.

They are kept apart from `SHIFTS`, on which methods are measured, because they are there to put a
judge to the test: on many of them the right answer is to leave the classifier as it is.
"""

from __future__ import annotations

from functools import partial

from monge.data.changes import Change, digits, missing, moved, noisy, redrawn, scaled, turned
from monge.data.clouds import bars, corners, line, moons, rings, wide
from monge.data.harder_changes import (
    bent,
    blurred,
    contrasted,
    covered,
    drifted,
    exchanged,
    half_renamed,
    merged,
    mirrored,
    shared,
    shuffled,
    spun,
)
from monge.data.shifts import Row, Shift, Start, common

__all__ = ["MORE_SHIFTS"]

_WIDE = Start(begin=wide, shifted=partial(moved, way=6.0), noise=1.0, overlap=0.8, out=2)
_MOONS = Start(begin=moons, shifted=partial(moved, way=0.8), noise=0.25, overlap=0.15, out=1)
_MOON_SHIFTS = ("translation", "label-shift", "noise", "overlap", "identical", "permuted-labels")

_HELPS, _FAILS = "transport mends it", "transport is known to fail"


def _swapped(first: tuple[float, ...], *after: Change) -> tuple[Change, ...]:
    """Give the source these shares of classes and the target the same backwards."""
    turned_round = partial(shared, shares=first[::-1])
    return (partial(shared, shares=first, of_source=True), turned_round, *after)


_OWN: dict[str, tuple[Start, list[Row]]] = {
    "wide": (
        _WIDE,
        [
            (
                "rotation-20",
                "rotation",
                (partial(spun, degrees=20),),
                "Turned a little in every plane: little is lost.",
            ),
            (
                "rotation-45",
                "rotation",
                (partial(spun, degrees=45),),
                "Turned by half a quarter in every plane.",
            ),
            (
                "scaling",
                "scaling",
                (partial(scaled, factors=(2.0, 0.5)),),
                "The target's features are stretched and shrunk in turn: two moments mend it.",
            ),
            (
                "missing-moved",
                "missing class",
                (partial(missing, classes=(0, 1, 2)), partial(moved, way=6.0)),
                f"The target is moved and lacks half of the classes: with held shares {_FAILS}.",
            ),
            (
                "drift",
                "class drift",
                (partial(drifted, way=2.5),),
                "Each class moves its own way, by half the way to the next.",
            ),
            (
                "drift-far",
                "class drift",
                (partial(drifted, way=5.0),),
                "Each class moves its own way, as far as the next one lies.",
            ),
            (
                "exchanged",
                "class drift",
                (partial(exchanged, share=0.8),),
                f"Two classes walk past one another: {_FAILS}.",
            ),
            ("shuffled", "permuted labels", (shuffled,), "Source labels at random: nothing helps."),
        ],
    ),
    "moons": (
        _MOONS,
        [
            ("rotation-30", "rotation", (partial(turned, degrees=30),), f"Turned: {_HELPS}."),
            ("rotation-90", "rotation", (partial(turned, degrees=90),), "Turned by a quarter."),
            (
                "scaling",
                "scaling",
                (partial(scaled, factors=(1.6, 0.6)),),
                "One feature is stretched and the other shrunk: two moments mend it.",
            ),
            (
                "mirrored",
                "symmetry",
                (mirrored,),
                f"Mirrored, so that each moon comes to lie like the other: {_FAILS}.",
            ),
            (
                "turned-round",
                "symmetry",
                (partial(turned, degrees=180),),
                "Turned by 180 degrees about the origin, after which the other moon lies nearer.",
            ),
            (
                "bent",
                "shapes",
                (partial(bent, strength=0.5),),
                "Bent along a parabola: no map of moments alone can follow.",
            ),
        ],
    ),
    "corners": (
        Start(begin=corners, shifted=partial(moved, way=1.0), noise=0.5, overlap=0.5, out=1),
        [
            (
                "turned-180",
                "symmetry",
                (partial(turned, degrees=180),),
                f"A square turned by 180 degrees onto itself: {_FAILS}.",
            ),
            (
                "mirrored",
                "symmetry",
                (mirrored,),
                f"A square mirrored onto itself: {_FAILS}, and no row shows it.",
            ),
            (
                "turned-40",
                "symmetry",
                (partial(turned, degrees=40),),
                f"Turned by nearly half the way to the next corner: {_HELPS}, if barely.",
            ),
            (
                "half-renamed",
                "permuted labels",
                (half_renamed,),
                "On one side two classes exchanged their names: no row shows it.",
            ),
            (
                "merged",
                "overlap",
                (merged,),
                "Two classes of the target lie on one place: half of their rows are lost.",
            ),
        ],
    ),
    "line": (
        Start(begin=line, shifted=partial(moved, way=1.0), noise=0.5, overlap=0.5, out=1),
        [
            (
                "swapped-shares",
                "swapped shares",
                _swapped((0.7, 0.2, 0.1)),
                "Common and rare classes change roles, nothing moves: holding shares does harm.",
            ),
            (
                "swapped-slightly",
                "swapped shares",
                _swapped((0.45, 0.33, 0.22)),
                "Common and rare classes change roles by a little, and nothing moves.",
            ),
            (
                "swapped-moved",
                "swapped shares",
                _swapped((0.7, 0.2, 0.1), partial(moved, way=1.5)),
                f"Common and rare classes change roles, and the target is moved: {_FAILS}.",
            ),
        ],
    ),
    "bars": (
        Start(begin=bars, shifted=partial(moved, way=1.0), noise=0.3, overlap=0.3, out=1),
        [
            (
                "swapped-shares",
                "swapped shares",
                _swapped((0.8, 0.2)),
                "Two long classes side by side, common and rare change roles: rows are torn off.",
            ),
            (
                "closer",
                "shapes",
                (partial(exchanged, share=0.35),),
                f"Two long classes come close to one another: {_HELPS}.",
            ),
        ],
    ),
    "rings": (
        Start(begin=rings, shifted=partial(moved, way=0.3), noise=0.15, overlap=0.1, out=1),
        [
            (
                "doubled",
                "shapes",
                (partial(scaled, factors=(2.0, 2.0)),),
                "Twice as wide: the inner ring lies where the outer one lay; two moments mend it.",
            ),
            (
                "moved",
                "shapes",
                (partial(moved, way=0.5),),
                f"Moved until the rings cross: {_HELPS}.",
            ),
            (
                "swapped-shares",
                "swapped shares",
                (*_swapped((0.75, 0.25)), partial(noisy, deviation=0.05)),
                f"One ring is common in the source, the other in the target: {_FAILS}.",
            ),
        ],
    ),
    "digits": (
        Start(begin=digits, shifted=partial(redrawn, right=1.0), noise=0.3, overlap=0.2, out=2),
        [
            (
                "rotation-180",
                "symmetry",
                (partial(redrawn, degrees=180),),
                f"Turned upside down, 6 and 9 change places: {_FAILS}.",
            ),
            ("zoomed", "scaling", (partial(redrawn, zoom=1.25),), "The target is drawn larger."),
            ("blurred", "image quality", (blurred,), "The target is blurred over 3 x 3 pixels."),
            (
                "faint",
                "image quality",
                (partial(contrasted, factor=0.4, offset=0.0),),
                "The target's ink is fainter: two moments mend it.",
            ),
            (
                "grey-ground",
                "image quality",
                (partial(contrasted, factor=0.6, offset=0.3),),
                "The target's ground is grey and its contrast low: two moments mend it.",
            ),
            (
                "inverted",
                "image quality",
                (partial(contrasted, factor=-1.0, offset=1.0),),
                "Ink and ground change roles in the target: no short way leads back.",
            ),
            (
                "covered",
                "image quality",
                (partial(covered, edge="left", pixels=3),),
                "Three columns of eight are covered in the target.",
            ),
            (
                "covered-top",
                "image quality",
                (partial(covered, edge="top", pixels=3), partial(noisy, deviation=0.1)),
                "Three rows of eight are covered in the target, and there is noise.",
            ),
            ("shuffled", "permuted labels", (shuffled,), "Source labels at random: nothing helps."),
        ],
    ),
}


def _rows(name: str) -> list[Row]:
    start, own = _OWN[name]
    if name == "wide":
        return [*own, *common(start)]
    if name == "moons":
        return [*own, *(row for row in common(start) if row[0] in _MOON_SHIFTS)]
    return own


MORE_SHIFTS: dict[str, Shift] = {
    f"{first}-{second}": Shift(
        name=f"{first}-{second}",
        family=family,
        about=about,
        begin=_OWN[first][0].begin,
        changes=changes,
    )
    for first in _OWN
    for second, family, changes, about in _rows(first)
}
"""More synthetic shifts by name; none is in `SHIFTS`."""
