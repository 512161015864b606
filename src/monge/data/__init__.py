"""Bring samples in, fit nothing."""

from monge.data.digits import load_mnist, load_mnist_5k, load_uci_digits, load_usps
from monge.data.domains import Labelled, Unlabelled
from monge.data.fetch import Patience, fetch
from monge.data.images import to_network

__all__ = [
    "Labelled",
    "Patience",
    "Unlabelled",
    "fetch",
    "load_mnist",
    "load_mnist_5k",
    "load_uci_digits",
    "load_usps",
    "to_network",
]
