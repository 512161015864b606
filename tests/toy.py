"""A small experiment that runs end to end in half a second: three classes of stripes."""

import torch

from monge.data import Labelled
from monge.experiments import Experiment, RunOptions

__all__ = ["N_SOURCE", "N_TARGET", "OPTIONS", "pair", "toy"]

N_SOURCE, N_TARGET, CLASSES = 200, 120, 3

OPTIONS = RunOptions(epochs=2, double_softmax=False, plan_rows=64, epsilon=0.05)


def stripes(n, seed, *, faint, name):
    """Draw (n, 12, 12) images, of which each class is bright in other rows."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, CLASSES, (n,), generator=draw)
    labels[:CLASSES] = torch.arange(CLASSES)
    images = 80 * torch.rand(n, 12, 12, generator=draw)
    for image, label in zip(images, labels.tolist(), strict=True):
        image[4 * label : 4 * label + 3] += 170 - faint
    return Labelled(x=images.to(torch.uint8), labels=labels, name=name)


def pair():
    """Return the source and the target, whose stripes are fainter."""
    source = stripes(N_SOURCE, 0, faint=0, name="bright")
    return source, stripes(N_TARGET, 1, faint=90, name="faint")


def toy(load=None, **changes):
    """Return the experiment; `load` replaces the reading of both domains."""
    settings = {
        "name": "toy",
        "source_name": "Bright",
        "target_name": "Faint",
        "load": load or (lambda *_: pair()),
        "protocol": "Transductive: stripes.",
        "command": "monge toy",
        "options": OPTIONS,
    }
    return Experiment(**(settings | changes))
