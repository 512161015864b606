"""People's own tables through an adapter: fit, apply, evaluate."""

from monge.workflows.applying import Applied, ignored_in, predict_table, transform_table
from monge.workflows.checking import check_tables
from monge.workflows.evaluating import Evaluation, Score, evaluate_table
from monge.workflows.fitting import Sizes, fit_tables, sizes_of
from monge.workflows.reporting import Looked, look_at

__all__ = [
    "Applied",
    "Evaluation",
    "Looked",
    "Score",
    "Sizes",
    "check_tables",
    "evaluate_table",
    "fit_tables",
    "ignored_in",
    "look_at",
    "predict_table",
    "sizes_of",
    "transform_table",
]
