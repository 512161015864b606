"""Every picture of a run, drawn and written to disk."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monge.files import write_bytes
from monge.progress import Progress, Report, silent
from monge.report.clouds import draw_clouds
from monge.report.ladder import draw_ladder
from monge.report.plans import draw_class_mass, draw_plan, draw_plan_sorted
from monge.report.samples import draw_samples, draw_training
from monge.report.scores import draw_accuracy, draw_confusion
from monge.report.style import DPI, Drawing, house_style
from monge.results import Evidence, Result

__all__ = ["Picture", "draw_all"]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture on disk.

    Attributes
    ----------
    name
        The stem of its file, e.g. ``"plan_sorted"``.
    title
        What to see in it, one sentence.
    alt_text
        What the picture shows, for a reader who does not see it.
    path
        The PNG file.

    Examples
    --------
    >>> Picture(
    ...     name="plan", title="The plan.", alt_text="A matrix.", path=Path("figures/plan.png")
    ... ).path.stem
    'plan'
    """

    name: str
    title: str
    alt_text: str
    path: Path


def encode(drawing: Drawing) -> bytes:
    """Turn a drawing into the bytes of a PNG file, the same for the same drawing."""
    buffer = io.BytesIO()
    with house_style():
        drawing.figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def drawers(result: Result, evidence: Evidence) -> list[Callable[[Result, Evidence], Drawing]]:
    """Return what can be drawn of this run, in the order of the story."""
    chosen: list[tuple[Callable[[Result, Evidence], Drawing], bool]] = [
        (draw_accuracy, True),
        (draw_ladder, any(any(method.seconds) for method in result.methods.values())),
        (draw_samples, bool(evidence.source_images.size and evidence.target_images.size)),
        (draw_training, bool(evidence.training_loss.size and evidence.training_accuracy.size)),
        (draw_clouds, bool(evidence.source_before.size and evidence.target.size)),
        (draw_plan, bool(evidence.log_plan.size)),
        (draw_plan_sorted, bool(evidence.log_plan_sorted.size)),
        (draw_class_mass, bool(evidence.class_mass.size)),
        (draw_confusion, bool(evidence.confusion_before.size and evidence.confusion_after.size)),
    ]
    return [draw for draw, there in chosen if there]


def draw_all(
    result: Result, evidence: Evidence, folder: Path, report: Report = silent
) -> tuple[Picture, ...]:
    """Draw every picture of a run into ``folder/figures``.

    Parameters
    ----------
    result, evidence
        The finished run.
    folder
        Where ``figures`` is made. A picture whose evidence is empty is left out.
    report
        Told after each picture.

    Returns
    -------
    tuple of Picture
        In the order of the story: the result first.

    Raises
    ------
    OutputError
        If matplotlib is missing or the folder cannot be written.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS, run
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> pictures = draw_all(finished.result, finished.evidence, Path("out"))  # doctest: +SKIP
    >>> pictures[0].name  # doctest: +SKIP
    'accuracy'
    """
    pictures: list[Picture] = []
    chosen = drawers(result, evidence)
    for draw in chosen:
        drawing = draw(result, evidence)
        path = Path(folder) / "figures" / f"{drawing.name}.png"
        write_bytes(path, encode(drawing))
        pictures.append(
            Picture(name=drawing.name, title=drawing.title, alt_text=drawing.alt_text, path=path)
        )
        report(
            Progress(
                task="Drawing pictures",
                done=len(pictures),
                total=len(chosen),
                detail=drawing.name,
            )
        )
    return tuple(pictures)
