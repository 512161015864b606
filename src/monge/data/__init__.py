"""Bring samples in, fit nothing."""

from monge.data.digits import load_mnist, load_mnist_5k, load_uci_digits, load_usps
from monge.data.domains import Labelled, Unlabelled
from monge.data.fetch import Patience, fetch
from monge.data.gradients import gradient_view
from monge.data.images import to_network
from monge.data.more_shifts import MORE_SHIFTS
from monge.data.office import load_office_caltech10
from monge.data.shifts import SHIFTS, Shift
from monge.data.small_tables import SmallTable, load_small_table, small_table_names

__all__ = [
    "MORE_SHIFTS",
    "SHIFTS",
    "Labelled",
    "Patience",
    "Shift",
    "SmallTable",
    "Unlabelled",
    "fetch",
    "gradient_view",
    "load_mnist",
    "load_mnist_5k",
    "load_office_caltech10",
    "load_small_table",
    "load_uci_digits",
    "load_usps",
    "small_table_names",
    "to_network",
]
