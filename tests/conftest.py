"""Fixtures for all rooms."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("monge", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("monge")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell starts what it puts in the background; every process of a test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder with the full MNIST and USPS, or skip: tests never download."""
    named = os.environ.get("MONGE_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    for needed in ("MNIST/raw/train-images-idx3-ubyte.gz", "USPS/usps.bz2"):
        if not (folder / needed).is_file():
            pytest.skip(f"no {needed} in {folder}; set MONGE_DATA to a folder that holds it")
    return folder
