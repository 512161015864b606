"""The page of a run: one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from monge.errors import DataError, sentence
from monge.files import write_text
from monge.report.filling import Part, fill, of_explorer, of_verdict, require_jinja
from monge.report.findings import best_method, compare, percent, seen
from monge.report.live.accuracy import MOST_CLASSES, plot_accuracy, plot_given
from monge.report.pictures import Picture
from monge.report.words import fit_headline, hidden_sentence
from monge.results import Evidence, Explorer, Fitted, Result

__all__ = ["write_fit_page", "write_page"]

HERO = "accuracy"

OPEN = ("samples", "training", "confusion")
"""Pictures that have no living one beside them."""

MOST_SPOKEN = 12
"""Classes that the text of a picture names."""


def embed(picture: Picture) -> dict[str, Any]:
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
        "open": picture.name in OPEN,
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


def write_page(
    result: Result,
    pictures: Sequence[Picture],
    path: Path,
    *,
    evidence: Evidence | None = None,
    explorer: Explorer | None = None,
    verdict: Mapping[str, Any] | None = None,
) -> Path:
    """Write the page of a run: one HTML file with everything inside, asking the network nothing.

    Parameters
    ----------
    result
        The finished run.
    pictures
        What `draw_all` returned; the one called ``"accuracy"`` gives the page its first sentence.
    path
        The HTML file to write.
    evidence
        The arrays behind the pictures: with them the first picture answers to a hand.
    explorer
        What can be looked at of the plan of the first seed; without it there are still pictures
        alone.
    verdict
        Whether to adapt: ``decision``, ``choice``, ``source_only``, ``chosen``, ``evidence`` and
        ``warnings``, each left out where it is not there.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    OutputError
        If jinja2 or Bokeh is missing or the file cannot be written.
    DataError
        If a picture cannot be read.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS, run
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> write_page(finished.result, [], Path("out/report.html"))  # doctest: +SKIP
    PosixPath('out/report.html')
    """
    require_jinja()
    embedded = [embed(picture) for picture in pictures]
    hero = next((picture for picture in embedded if picture["name"] == HERO), None)
    best = best_method(result)
    first = Part(
        context={
            "title": f"{result.source_name} to {result.target_name}",
            "headline": hero["title"]
            if hero
            else f"{best.title} reads {percent(best.accuracy.mean)} of {result.target_name} right",
            "hero": hero,
            "hero_text": hero["alt"] if hero else "Accuracy of each method on the target.",
            "result": result,
            "methods": method_rows(result),
        }
    )
    if evidence is not None:
        baseline = compare(result, evidence).before.mean
        first.plots["accuracy"] = plot_accuracy(result, baseline)
    still = [picture for picture in embedded if picture is not hero or evidence is not None]
    if explorer is None:
        still = [picture | {"open": picture is not hero} for picture in still]
    parts = [
        first,
        of_verdict(verdict),
        of_explorer(explorer),
        Part(sections={"seeds": "Seeds"}, context={"plan": plan_rows(result)}),
        Part(sections={"pictures": "Pictures"} if still else {}, context={"pictures": still}),
        how_made(result, parameters(result)),
    ]
    path = Path(path)
    write_text(path, fill(parts))
    return path


def write_fit_page(
    fitted: Fitted,
    explorer: Explorer,
    path: Path,
    *,
    verdict: Mapping[str, Any] | None = None,
) -> Path:
    """Write the page of an adapter that was fitted on two tables, see `write_page`.

    Parameters
    ----------
    fitted
        What the page says of the fit.
    explorer
        What can be looked at, from `monge.adapters.explore`.
    path
        The HTML file to write.
    verdict
        As for `write_page`.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    OutputError
        If jinja2 or Bokeh is missing or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from monge import Adapter
    >>> from monge.adapters import explore
    >>> X, y = np.array([[0.0], [1.0], [8.0]]), ["low", "low", "high"]
    >>> explorer = explore(Adapter("exact").fit(X, y, X_target=X + 2), X, y, X + 2)
    >>> fitted = Fitted(
    ...     source_name="old",
    ...     target_name="new",
    ...     source_n=3,
    ...     target_n=3,
    ...     judged=3,
    ...     given={"high": (0.33, 0.33, 0.33), "low": (0.67, 0.67, 0.67)},
    ...     changed=0.0,
    ...     parameters={"transport": "exact"},
    ...     protocol="All rows.",
    ...     command="monge report adapter old.csv new.csv -o page.html",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_fit_page(fitted, explorer, Path(folder, "page.html"))
    ...     "The transport changes the class of no row of new" in page.read_text()
    True
    """
    require_jinja()
    fitted = replace(fitted, given={seen(label): shares for label, shares in fitted.given.items()})
    given = [
        (label, [percent(share) for share in shares]) for label, shares in fitted.given.items()
    ]
    shown = "; ".join(
        f"{label}: {source} of the source, {before} given without and {after} with transport"
        for label, (source, before, after) in given[:MOST_SPOKEN]
    )
    first = Part(
        context={
            "title": f"{fitted.source_name} to {fitted.target_name}",
            "headline": fit_headline(fitted, explorer.clouds),
            "hero": None,
            "hero_text": f"Shares of the classes. {shown}.",
            "methods": None,
            "given": given,
            "drawn": MOST_CLASSES,
            "hidden_sentence": hidden_sentence(fitted.given),
        },
        plots={"accuracy": plot_given(fitted)},
    )
    lines = [
        ("source", f"{fitted.source_name}, {fitted.source_n:,} rows"),
        ("target", f"{fitted.target_name}, {fitted.target_n:,} rows"),
        *fitted.parameters.items(),
    ]
    parts = [first, of_verdict(verdict), of_explorer(explorer), how_made(fitted, lines)]
    path = Path(path)
    write_text(path, fill(parts))
    return path


def how_made(made: Result | Fitted, lines: Sequence[tuple[str, str]]) -> Part:
    """Return the last part: protocol, command, parameters, versions."""
    return Part(
        sections={"protocol": "How it was made"},
        context={
            "protocol": made.protocol,
            "command": made.command,
            "parameters": lines,
            "environment": flatten(made.environment),
        },
    )
