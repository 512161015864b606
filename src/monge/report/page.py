"""The page of a run: one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import monge
from monge.errors import DataError, OutputError, sentence
from monge.files import write_text
from monge.report.findings import best_method, percent
from monge.report.pictures import Picture
from monge.results import Result

__all__ = ["write_page"]

HERO = "accuracy"


def embed(picture: Picture) -> dict[str, str]:
    """Return what the template needs of a picture, the PNG itself as base64."""
    try:
        content = picture.path.read_bytes()
    except OSError as error:
        raise DataError(
            sentence(
                "write_page",
                "pictures",
                "files that can be read",
                f"{error.strerror or error} at {picture.path}",
                "draw them again with draw_all",
            )
        ) from error
    return {
        "name": picture.name,
        "title": picture.title,
        "alt": picture.alt_text,
        "data": base64.b64encode(content).decode("ascii"),
    }


def method_rows(result: Result) -> list[dict[str, Any]]:
    """Return the rows of the table of methods, in the order of the record."""
    best = best_method(result)
    return [
        {
            "title": method.title,
            "mean": f"{100 * method.accuracy.mean:.2f}",
            "std": f"{100 * method.accuracy.std:.2f}" if len(method.accuracy.values) > 1 else "-",
            "seconds": f"{sum(method.seconds) / len(method.seconds):.2f}"
            if method.seconds
            else "-",
            "best": method is best,
        }
        for method in result.methods.values()
    ]


def plan_rows(result: Result) -> list[dict[str, Any]]:
    """Return the certificate of the plan, a row for each seed that has one."""
    plan = result.plan
    return [
        {
            "seed": seed,
            "marginal_error": f"{error:.1e}",
            "status": status,
            "sweeps": f"{sweeps:,}",
            "class_mass": percent(joined),
            "independent": percent(independent),
        }
        for seed, error, status, sweeps, joined, independent in zip(
            result.seeds,
            plan.marginal_error,
            plan.status,
            plan.sweeps,
            plan.class_mass,
            plan.class_mass_independent,
            strict=False,
        )
    ]


def flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Turn nested settings into lines of name and text.

    Examples
    --------
    >>> flatten({"device": "cpu", "versions": {"torch": "2.13.0"}})
    [('device', 'cpu'), ('versions torch', '2.13.0')]
    """
    lines: list[tuple[str, str]] = []
    for name, value in values.items():
        whole = f"{prefix} {name}".strip()
        if isinstance(value, Mapping):
            lines.extend(flatten(value, whole))
        else:
            lines.append((whole, str(value)))
    return lines


def parameters(result: Result) -> list[tuple[str, str]]:
    """Return what the run was made with, as lines of name and text."""
    scales = {"max": "of the largest cost", "mean": "of the mean cost", "absolute": "absolute"}
    scale = scales.get(result.plan.epsilon_scale, result.plan.epsilon_scale)
    accuracy = result.source_accuracy
    return [
        ("experiment", result.experiment),
        ("source", f"{result.source_name}, {result.source_n:,} rows"),
        ("target", f"{result.target_name}, {result.target_n:,} rows"),
        ("seeds", ", ".join(str(seed) for seed in result.seeds)),
        ("model parameters", f"{result.model_parameters:,}"),
        ("accuracy on the source", f"{percent(accuracy.mean)} ± {100 * accuracy.std:.1f}"),
        ("epsilon", f"{result.plan.epsilon:g}, {scale}"),
        ("plan", f"{result.plan.shape[0]:,} by {result.plan.shape[1]:,}"),
    ]


def render(result: Result, pictures: Sequence[Picture]) -> str:
    """Fill the template."""
    try:
        import jinja2  # noqa: PLC0415 - an extra, loaded only to write a page
    except ImportError as error:
        raise OutputError(
            sentence(
                "write_page",
                "jinja2",
                "installed to write a page",
                error,
                "run: pip install 'monge[report]'",
            )
        ) from error
    source = resources.files("monge.report").joinpath("templates", "report.html.jinja")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    embedded = [embed(picture) for picture in pictures]
    hero = next((picture for picture in embedded if picture["name"] == HERO), None)
    best = best_method(result)
    return environment.from_string(source.read_text(encoding="utf-8")).render(
        result=result,
        headline=hero["title"]
        if hero
        else f"{best.title} reads {percent(best.accuracy.mean)} of {result.target_name} right",
        hero=hero,
        pictures=[picture for picture in embedded if picture is not hero],
        methods=method_rows(result),
        plan=plan_rows(result),
        parameters=parameters(result),
        environment=flatten(result.environment),
        version=monge.__version__,
    )


def write_page(result: Result, pictures: Sequence[Picture], path: Path) -> Path:
    """Write the page of a run: one HTML file with its pictures inside, asking the network nothing.

    Parameters
    ----------
    result
        The finished run.
    pictures
        What `draw_all` returned; the one called ``"accuracy"`` stands at the top and gives the
        page its first sentence.
    path
        The HTML file to write.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    OutputError
        If jinja2 is missing or the file cannot be written.
    DataError
        If a picture cannot be read.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS, run
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> write_page(finished.result, [], Path("out/report.html"))  # doctest: +SKIP
    PosixPath('out/report.html')
    """
    path = Path(path)
    write_text(path, render(result, pictures))
    return path
