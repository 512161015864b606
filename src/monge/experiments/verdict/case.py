"""One shift of the suite: what it is, and how it is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch

from monge._types import NDArray
from monge.data import Labelled
from monge.data.changes import Draw, Sides
from monge.errors import InputError, sentence

__all__ = ["MOST_ROWS", "Build", "Case", "Domains", "domains"]

MOST_ROWS = 800
"""Rows of a domain at most: all methods run in seconds."""


class Domains(NamedTuple):
    """Both domains of a shift.

    Attributes
    ----------
    source, target
        x (n, d) and (m, d), float32 or float64. The labels of the target are there to score
        with, and for nothing else.
    views
        Other descriptions of the target's rows, each (m, p), which no method is given the source's
        side of; often none.
    """

    source: Labelled
    target: Labelled
    views: tuple[NDArray, ...] = ()


Build = Callable[[Draw, Path | None], Domains]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A shift of the suite.

    Attributes
    ----------
    name
        Unique in the suite, such as ``"cars-year-up"``.
    family
        What is left out together where a rule is judged on families that it never saw.
    kind
        ``"synthetic"`` where the shift was made by what `about` says, ``"real"`` where it is
        between rows as they were measured.
    about
        What was done, and what is known of the answer, in one sentence.
    build
        Draws it.
    needs_data
        Whether it is built from files that no package brings.
    fixed
        Whether every seed draws the same rows: then one seed says all.
    hidden
        Whether no row of either domain shows what was done, by construction: classes that
        exchanged their names or, in a shape with symmetries, their places. Nobody can tell the
        accuracy there without labels of the target.

    Examples
    --------
    >>> from monge.experiments.verdict.suite import SUITE
    >>> source, target, views = SUITE["wine-alcohol-up"].make(0)
    >>> source
    Labelled(name='wine', x=(107, 13) float64, labels=(107,) int64)
    >>> len(target), views
    (71, ())
    """

    name: str
    family: str
    kind: Literal["synthetic", "real"]
    about: str
    build: Build
    needs_data: bool = False
    fixed: bool = False
    hidden: bool = False

    def make(self, seed: int, data_dir: Path | None = None) -> Domains:
        """Draw source and target: the same seed gives the same rows on the same machine.

        Each domain has `MOST_ROWS` rows at most, drawn at random, whatever their classes are.

        Parameters
        ----------
        seed
            A whole number, 0 or more.
        data_dir
            Folder of the raw files, where the case needs any; ``None``: as the loaders of
            `monge.data` have it.

        Raises
        ------
        InputError
            If the seed is of another kind.
        DataError
            If the files are missing, or a package that brings them.
        """
        whole: object = seed
        if not isinstance(whole, int) or isinstance(whole, bool) or whole < 0:
            required, remedy = "a whole number, 0 or more", "pass for example 0"
            raise InputError(sentence("Case.make", "seed", required, repr(seed), remedy))
        draw = np.random.default_rng([whole, zlib.crc32(self.name.encode())])
        made = self.build(draw, data_dir)
        source = _few(len(made.source), draw)
        target = _few(len(made.target), draw)
        return Domains(
            source=made.source if source is None else made.source.subset(source),
            target=made.target if target is None else made.target.subset(target),
            views=tuple(view if target is None else view[target] for view in made.views),
        )


def _few(rows: int, draw: Draw) -> NDArray | None:
    """Draw `MOST_ROWS` rows of more, in their order."""
    return None if rows <= MOST_ROWS else np.sort(draw.permutation(rows)[:MOST_ROWS])


def domains(sides: Sides, source: str, target: str, views: tuple[NDArray, ...] = ()) -> Domains:
    """Give both sides of a shift their names."""
    return Domains(
        source=_labelled(sides.x, sides.labels, source),
        target=_labelled(sides.y, sides.truth, target),
        views=views,
    )


def _labelled(x: NDArray, labels: NDArray, name: str) -> Labelled:
    rows = torch.from_numpy(np.ascontiguousarray(x))
    return Labelled(x=rows, labels=torch.from_numpy(labels.astype(np.int64)), name=name)
