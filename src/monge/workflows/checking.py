"""Whether adapting helps, judged on two tables."""

from __future__ import annotations

from collections.abc import Sequence

from monge.adapters import Adapter, judge
from monge.data.tables import Table
from monge.progress import Report, silent
from monge.verdict import Verdict
from monge.workflows.fitting import read_both

__all__ = ["check_tables"]


def check_tables(
    adapter: Adapter,
    source: Table,
    target: Table,
    *,
    label: str,
    features: Sequence[str],
    report: Report = silent,
) -> Verdict:
    r"""Judge an adapter, or all that are worth a try, on a labelled and an unlabelled table.

    Parameters
    ----------
    adapter
        Unfitted; its transport may be ``"auto"``.
    source, target
        The tables; of the target only the features are read.
    label, features
        Names of columns, see `sizes_of`.
    report
        Told how far reading and the trials are.

    Raises
    ------
    DataError
        If a cell is no number, or a label is missing or no class, with column and row.
    InputError, MemoryBudgetError
        From `monge.judge`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from monge.data.tables import open_table
    >>> rows = [(x, "small" if x < 5 else "large") for x in (0, 0.5, 1, 9, 9.5, 10)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source, target = Path(folder, "source.csv"), Path(folder, "target.csv")
    ...     lines = "".join(f"{x},{kind}\n" for x, kind in rows)
    ...     _ = source.write_text("width,kind\n" + lines)
    ...     _ = target.write_text("width\n" + "".join(f"{x + 6}\n" for x, _ in rows))
    ...     tables = open_table(source), open_table(target)
    ...     verdict = check_tables(Adapter("linear"), *tables, label="kind", features=["width"])
    >>> verdict.choice.name, verdict.rows
    ('linear', (6, 6))
    """
    X, labels, X_target = read_both(
        source, target, label=label, features=features, classes=True, report=report
    )
    seed = adapter.random_state
    return judge(
        adapter,
        X,
        labels,
        X_target,
        random_state=seed if isinstance(seed, int) else 0,
        report=report,
    )
