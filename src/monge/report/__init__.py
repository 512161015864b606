"""Pictures and the page of a finished run; it computes no science.

Everything is drawn from the records of `monge.results`. Matplotlib, Bokeh and jinja2
are extras (``pip install 'monge[report]'``) and are loaded only when something is drawn or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monge.progress import Report, silent
from monge.report.accuracies import exceptions_sentence, picture_of_accuracies
from monge.report.ladder import PUBLISHED
from monge.report.page import write_fit_page, write_page
from monge.report.pictures import Picture, draw_all
from monge.report.verdicts import picture_of_verdicts, verdict_sentence
from monge.results import Evidence, Explorer, Result

__all__ = [
    "PUBLISHED",
    "Picture",
    "draw_all",
    "exceptions_sentence",
    "picture_of_accuracies",
    "picture_of_verdicts",
    "verdict_sentence",
    "write_fit_page",
    "write_page",
    "write_report",
]


def write_report(
    result: Result,
    evidence: Evidence,
    folder: Path,
    report: Report = silent,
    *,
    explorer: Explorer | None = None,
    verdict: Mapping[str, Any] | None = None,
) -> Path:
    """Draw every picture and write the page of a run.

    Parameters
    ----------
    result, evidence
        The finished run.
    folder
        Where ``report.html`` and ``figures/*.png`` are written; made if it is missing.
    report
        Told after each picture.
    explorer, verdict
        What else the page shows, see `write_page`.

    Returns
    -------
    pathlib.Path
        ``folder/report.html``.

    Raises
    ------
    OutputError
        If matplotlib, Bokeh or jinja2 is missing, or the folder cannot be written.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS, run
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> write_report(finished.result, finished.evidence, Path("out"))  # doctest: +SKIP
    PosixPath('out/report.html')
    """
    pictures = draw_all(result, evidence, folder, report)
    path = Path(folder) / "report.html"
    return write_page(result, pictures, path, evidence=evidence, explorer=explorer, verdict=verdict)
