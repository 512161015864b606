"""Two clouds of two classes each, the target moved so far that the source's classifier fails."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def two():
    draw = np.random.default_rng(0)
    y, yt = np.repeat([0, 1], 30), np.repeat([0, 1], 25)
    X, Xt = draw.normal(size=(60, 3)), draw.normal(size=(50, 3))
    X[:, 0] += 6 * y
    Xt[:, 0] += 6 * yt + 4
    for array in (X, y, Xt, yt):
        array.flags.writeable = False
    return SimpleNamespace(X=X, y=y, Xt=Xt, yt=yt)
