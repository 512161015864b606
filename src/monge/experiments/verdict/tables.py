"""Shifts of small tables: cut in two by a covariate, or cut at random and one half changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.stats import rankdata

from monge._types import NDArray
from monge.data import load_uci_digits
from monge.data.changes import Change, Draw, Sides, rarer
from monge.data.harder_changes import dead, gained, shuffled
from monge.data.small_tables import SmallTable, load_small_table
from monge.experiments.verdict.case import Case, Domains, domains

__all__ = ["CUTS", "HALVES"]

SHARE, BLUR = 0.6, 0.25
"""Share of the rows that are source, and the noise that is added to ranks in [0, 1] first."""


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Where a table is cut.

    Attributes
    ----------
    table, column
        By name.
    way
        ``"up"``: the source has the small values and the target the large ones.
    blur
        Deviation of the noise on the ranks: the supports overlap. With none, the column, which then
        tells the domain, is left out.
    """

    table: str
    column: str
    way: Literal["up", "down"]
    blur: float = BLUR

    def __call__(self, draw: Draw, _: Path | None) -> Domains:
        rows, values = _read(self.table, self.column)
        ranks = rankdata(values if self.way == "up" else -values) / len(values)
        height = ranks + draw.normal(scale=self.blur, size=len(ranks))
        levels = np.unique(height)[:-1]  # the target keeps at least the last
        shares = np.searchsorted(np.sort(height), levels, side="right") / len(height)
        below = height <= levels[np.abs(shares - SHARE).argmin()]
        kept = [at for at, name in enumerate(rows.columns) if self.blur or name != self.column]
        x, labels = rows.x[:, kept], rows.labels
        sides = Sides(x=x[below], labels=labels[below], y=x[~below], truth=labels[~below])
        return _finished(sides, rows.name, f"{self.column} {self.way}", scale=rows.name != DIGITS)


DIGITS = "digits"


def _read(name: str, column: str) -> tuple[SmallTable, NDArray]:
    """Read a table and the values (n,) that it is cut by; digits are cut by what is measured."""
    if name != DIGITS:
        table = load_small_table(name)
        return table, table.x[:, table.columns.index(column)]
    read = load_uci_digits()
    images = read.x.numpy() / np.float64(255)
    x = images.reshape(len(images), -1)
    columns = tuple(f"pixel {at}" for at in range(x.shape[1]))
    labels, about = read.labels.numpy(), "drawn digits; which one"
    table = SmallTable(name=DIGITS, x=x, labels=labels, columns=columns, about=about)
    return table, _measured(images, column)


def _measured(images: NDArray, what: str) -> NDArray:
    """Measure images (n, 8, 8): their ink, its standard width in pixels, or how it leans."""
    ink = images.sum((1, 2))
    if what == "ink":
        return np.asarray(ink)
    share = images / ink[:, None, None]
    down, right = np.mgrid[: images.shape[1], : images.shape[2]]
    centre_down, centre_right = (np.einsum("nij,ij->n", share, at) for at in (down, right))
    off_right = right[None] - centre_right[:, None, None]
    if what == "width":
        width: NDArray = np.sqrt((share * np.square(off_right)).sum((1, 2)))
        return width
    slant: NDArray = (share * off_right * (down[None] - centre_down[:, None, None])).sum((1, 2))
    return slant


def _finished(sides: Sides, source: str, target: str, *, scale: bool = True) -> Domains:
    """Standardise both sides by the source, but for columns that stand still there."""
    if scale:
        mean, deviation = sides.x.mean(0), sides.x.std(0)
        deviation = np.where(deviation > 0, deviation, 1.0)
        x, y = (sides.x - mean) / deviation, (sides.y - mean) / deviation
        sides = replace(sides, x=x, y=y)
    return domains(sides, source, target)


def _halves(table: str, changes: tuple[Change, ...], draw: Draw, _: Path | None) -> Domains:
    """Cut a table at random, and change one half."""
    read = load_small_table(table)
    order = draw.permutation(len(read.labels))
    source, target = order[: len(order) // 2], order[len(order) // 2 :]
    labels = read.labels
    sides = Sides(x=read.x[source], labels=labels[source], y=read.x[target], truth=labels[target])
    for change in changes:
        sides = change(sides, draw)
    return _finished(sides, table, f"{table} changed")


_WAYS: dict[str, tuple[tuple[str, Literal["up", "down"], float], ...]] = {
    "wine": (
        ("alcohol", "up", BLUR),
        ("alcohol", "down", BLUR),
        ("color_intensity", "up", BLUR),
        ("malic_acid", "down", BLUR),
        ("magnesium", "up", BLUR),
    ),
    "cancer": (
        ("mean texture", "up", BLUR),
        ("mean smoothness", "up", BLUR),
        ("mean symmetry", "down", BLUR),
        ("mean radius", "up", BLUR),
    ),
    "iris": (
        ("sepal width", "up", BLUR),
        ("sepal width", "down", BLUR),
        ("sepal length", "up", BLUR),
        ("petal width", "down", 2 * BLUR),
    ),
    "digits": (
        ("ink", "up", 0.1),
        ("ink", "down", 0.1),
        ("width", "up", BLUR),
        ("slant", "up", BLUR),
        ("slant", "down", BLUR),
    ),
    "cars": (
        ("origin", "up", 0.0),
        ("year", "up", 0.05),
        ("year", "down", 0.05),
        ("weight", "up", BLUR),
        ("horsepower", "down", BLUR),
    ),
    "homes": (
        ("crime", "up", BLUR),
        ("distance", "up", BLUR),
        ("age", "down", BLUR),
        ("highways", "up", BLUR),
    ),
    "diabetes": (
        ("age", "up", BLUR),
        ("sex", "up", 0.0),
        ("bmi", "up", BLUR),
        ("s3", "down", BLUR),
    ),
    "three-blobs": (("first", "up", BLUR), ("first", "down", BLUR), ("second", "up", BLUR)),
}


def _said(table: str, column: str, way: str, blur: float) -> str:
    less, more = ("small", "large") if way == "up" else ("large", "small")
    edge = "supports overlap in part" if blur else "the column is left out"
    return (
        f"Rows of {table} with {less} values of '{column}' to those with {more} ones, {edge}: "
        "shares of classes change along with it, and nothing was moved."
    )


CUTS = tuple(
    Case(
        name=f"{table}-{column.replace(' ', '-').replace('_', '-')}-{way}",
        family=f"{table} cuts",
        kind="real",
        about=_said(table, column, way, blur),
        build=_Cut(table=table, column=column, way=way, blur=blur),
        fixed=not blur,
    )
    for table, ways in _WAYS.items()
    for column, way, blur in ways
)
"""Tables and digits cut in two by a covariate."""

_Told = tuple[str, str, tuple[Change, ...], str, tuple[str, ...]]

_DONE: tuple[_Told, ...] = (
    (
        "random-halves",
        "identical",
        (),
        "Two random halves: adapting must not hurt.",
        ("wine", "cancer", "cars"),
    ),
    (
        "rarer-classes",
        "label shift",
        (partial(rarer, least=0.2),),
        "Two random halves, classes down to five times rarer in the target: holding shares harms.",
        ("wine", "cancer", "three-blobs"),
    ),
    (
        "worn-sensors",
        "sensor drift",
        (partial(gained, gain=0.3, offset=0.7),),
        "Random halves, each target column with a gain and an offset of its own: moments mend it.",
        ("wine", "cancer", "iris", "cars", "homes"),
    ),
    (
        "dead-sensors",
        "sensor drift",
        (partial(dead, share=0.3),),
        "Random halves, three target columns in ten stand still: what they told is lost.",
        ("wine", "cancer", "cars"),
    ),
    (
        "shuffled",
        "permuted labels",
        (shuffled,),
        "Two random halves, source labels at random: nothing helps.",
        ("cancer", "iris"),
    ),
)


def _half(table: str, told: _Told) -> Case:
    name, family, changes, about, _ = told
    build: Callable[[Draw, Path | None], Domains] = partial(_halves, table, changes)
    return Case(name=f"{table}-{name}", family=family, kind="synthetic", about=about, build=build)


HALVES = tuple(_half(table, told) for told in _DONE for table in told[-1])
"""Tables cut at random, one half changed."""
