"""The points: LeNet5 features of MNIST and USPS, or synthetic ones of the same shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from monge.cache import Cache
from monge.data import Labelled, load_mnist, load_usps
from monge.experiments.named import EXPERIMENTS
from monge.experiments.network import Images, train_network
from monge.progress import Progress

__all__ = ["Features", "enlarge", "load", "take"]

WIDTH = 84
ROWS = (60_000, 7_291)
QUICK_ROWS = (2_000, 600)
CLASSES = 10


@dataclass(frozen=True)
class Features:
    """Source (n, 84) and target (m, 84) float32, and in words what they are."""

    source: np.ndarray
    target: np.ndarray
    what: str
    real: bool


def load(
    data_dir: Path | None, cache: Path, say: Callable[[str], None], *, seed: int, quick: bool
) -> Features:
    """Bring real features where a folder with the digits is named, synthetic ones elsewhere.

    The network is that of ``monge run mnist-usps`` and is kept in the same cache under the same
    key: it is trained once, by whichever of both comes first. The quick form trains another one, on
    2,000 images for one epoch.

    Raises
    ------
    MongeError
        If a folder is named and does not hold the digits: nothing is replaced silently.
    """
    if data_dir is None:
        what = "synthetic: ten clusters of low dimension a side; name the digits with --data-dir"
        return _synthetic(QUICK_ROWS if quick else ROWS, seed, what)
    source, target = load_mnist("train", data_dir=data_dir), load_usps("train", data_dir=data_dir)
    options = replace(EXPERIMENTS["mnist-usps"].options, seeds=(seed,))
    what = "LeNet5 features of MNIST (source) and USPS (target)"
    if quick:
        options = replace(options, epochs=1)
        source, target = _first(source, QUICK_ROWS[0]), _first(target, QUICK_ROWS[1])
        what += ", 2,000 and 600 images, one epoch"
    images = Images(source, target.without_labels().x, options.n_channels)
    network = train_network(images, options, seed, Cache(cache), _Told(say))
    return Features(network.source.numpy(), network.target.numpy(), what, real=True)


class _Told:
    """Says each tenth of a task once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.last = say, ("", -1)

    def __call__(self, progress: Progress) -> None:
        """Take one sign of life."""
        share = int(10 * progress.done / progress.total) if progress.total else 0
        if (progress.task, share) != self.last:
            self.last = progress.task, share
            self.say(f"  {progress.task}: {10 * share} % {progress.detail}")


def _first(images: Labelled, rows: int) -> Labelled:
    return replace(images, x=images.x[:rows], labels=images.labels[:rows])


def _synthetic(rows: tuple[int, int], seed: int, what: str) -> Features:
    """Ten clusters a side, each flat but for eight directions, the target's moved a little.

    Features of a trained network are like this: points of one class lie near a low-dimensional
    sheet. Isotropic noise would make every distance the same and the plan too easy.
    """
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(CLASSES, WIDTH)) * 2.0
    sheets = generator.normal(size=(CLASSES, 8, WIDTH)) / 2.0
    shift = generator.normal(size=(CLASSES, WIDTH)) * 0.7
    sides = []
    for n, moved in ((rows[0], 0.0), (rows[1], 1.0)):
        labels = generator.integers(CLASSES, size=n)
        within = np.einsum("nk,nkd->nd", generator.normal(size=(n, 8)), sheets[labels])
        noise = generator.normal(size=(n, WIDTH)) * 0.2
        points = centres[labels] + moved * shift[labels] + within + noise
        sides.append(points.astype(np.float32))
    return Features(sides[0], sides[1], what, real=False)


def take(points: np.ndarray, rows: int, seed: int) -> np.ndarray:
    """Draw rows without repetition, in random order."""
    order = np.random.default_rng((seed, len(points))).permutation(len(points))
    return np.ascontiguousarray(points[order[:rows]])


def enlarge(points: np.ndarray, rows: int, seed: int) -> np.ndarray:
    """Draw rows; beyond those there are, repeat them with a jitter of 5 % of their spread.

    The first rows of a larger draw are those of a smaller one.
    """
    once = take(points, min(rows, len(points)), seed)
    if rows <= len(points):
        return once
    more = np.random.default_rng((seed, 1))
    again = np.resize(once, (rows - len(points), points.shape[1]))
    jitter = more.standard_normal(again.shape, dtype=np.float32) * (0.05 * points.std(0))
    return np.concatenate([once, again + jitter.astype(np.float32)])
