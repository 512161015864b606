"""Bring samples in, fit nothing."""

from monge.data.digits import load_mnist, load_mnist_5k, load_uci_digits, load_usps
from monge.data.domains import Labelled, Unlabelled
from monge.data.fetch import Patience, fetch
from monge.data.gradients import gradient_view
from monge.data.images import to_network
from monge.data.office import load_office_caltech10
from monge.data.shifts import SHIFTS, Shift

__all__ = [
    "SHIFTS",
    "Labelled",
    "Patience",
    "Shift",
    "Unlabelled",
    "fetch",
    "gradient_view",
    "load_mnist",
    "load_mnist_5k",
    "load_office_caltech10",
    "load_uci_digits",
    "load_usps",
    "to_network",
]
