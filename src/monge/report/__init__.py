"""Pictures and the page of a finished run; it computes no science.

Everything is drawn from `monge.results.Result` and `monge.results.Evidence`. Matplotlib and jinja2
are extras (``pip install 'monge[report]'``) and are loaded only when something is drawn or written.
"""

from __future__ import annotations

from pathlib import Path

from monge.progress import Report, silent
from monge.report.accuracies import exceptions_sentence, picture_of_accuracies
from monge.report.ladder import PUBLISHED
from monge.report.page import write_page
from monge.report.pictures import Picture, draw_all
from monge.report.verdicts import picture_of_verdicts, verdict_sentence
from monge.results import Evidence, Result

__all__ = [
    "PUBLISHED",
    "Picture",
    "draw_all",
    "exceptions_sentence",
    "picture_of_accuracies",
    "picture_of_verdicts",
    "verdict_sentence",
    "write_page",
    "write_report",
]


def write_report(result: Result, evidence: Evidence, folder: Path, report: Report = silent) -> Path:
    """Draw every picture and write the page of a run.

    Parameters
    ----------
    result, evidence
        The finished run.
    folder
        Where ``report.html`` and ``figures/*.png`` are written; made if it is missing.
    report
        Told after each picture.

    Returns
    -------
    pathlib.Path
        ``folder/report.html``.

    Raises
    ------
    OutputError
        If matplotlib or jinja2 is missing, or the folder cannot be written.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS, run
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> write_report(finished.result, finished.evidence, Path("out"))  # doctest: +SKIP
    PosixPath('out/report.html')
    """
    pictures = draw_all(result, evidence, folder, report)
    return write_page(result, pictures, Path(folder) / "report.html")
