"""The parts of a page put together: sections in the order of the story, and what fills them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import monge
from monge.errors import OutputError, sentence
from monge.report.findings import percent, seen
from monge.report.glossary import explain, words_in
from monge.report.judgement import verdict_parts
from monge.report.live.base import MOST_NAMED, Figure, embed, require_bokeh, script_safe
from monge.report.live.clouds import plot_clouds, plot_explorer
from monge.report.live.data import payload, sprite
from monge.report.live.plan import plot_class_mass, plot_convergence, plot_plan
from monge.report.style import house_style
from monge.report.words import (
    class_rows,
    clouds_sentence,
    mass_sentence,
    missing_sentence,
    number,
    plan_sentence,
    risk_rows,
    trust_sentence,
)
from monge.results import Convergence, Explorer

__all__ = ["Part", "fill", "of_explorer", "of_verdict", "require_jinja", "require_libraries"]

FOLDER = resources.files("monge.report").joinpath("templates")

MOST_SWEEPS = 40
"""Rows of the table of errors; a longer history is thinned."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some sections of a page.

    Attributes
    ----------
    sections
        Their templates by name, with the text of the link to each; an empty one has none.
    context
        What their templates are filled with.
    plots
        Living pictures by name.
    data
        What ``page.js`` reads.
    """

    sections: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    plots: dict[str, Figure] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


def require_jinja() -> Any:
    """Return jinja2.

    Raises
    ------
    OutputError
        If it is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 - an extra, loaded only to write a page
    except ImportError as error:
        required, remedy = "installed to write a page", "run: pip install 'monge[report]'"
        raise OutputError(sentence("write_page", "jinja2", required, error, remedy)) from error
    return jinja2


def require_libraries() -> None:
    """Refuse a page before any work for it, where a library is missing.

    Raises
    ------
    OutputError
        Naming it.
    """
    require_jinja()
    require_bokeh()
    with house_style():
        pass


def text_of(name: str) -> str:
    """Read a file of the templates."""
    return FOLDER.joinpath(*name.split("/")).read_text(encoding="utf-8")


def fill(parts: Sequence[Part]) -> str:
    """Fill the template with all parts, in their order."""
    jinja2 = require_jinja()
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(text_of),
    )
    environment.filters["explain"] = explain
    context: dict[str, Any] = {"explorer": None, "sprites": {}, "hidden_sentence": ""}
    plots: dict[str, Figure] = {}
    data: dict[str, Any] = {"explorer": None, "sheets": {}}
    sections = []
    for part in parts:
        context |= part.context
        plots |= part.plots
        data |= part.data
        sections += [{"name": name, "link": link} for name, link in part.sections.items()]
    page: str = environment.get_template("report.html.jinja").render(
        **context,
        sections=sections,
        live=embed(plots),
        data=script_safe(data),
        css=text_of("page.css"),
        script=text_of("page.js"),
        version=monge.__version__,
        words_in=words_in,
        distinct=MOST_NAMED,
    )
    return seen(page)


def of_verdict(verdict: Mapping[str, Any] | None) -> Part:
    """Return the part of a verdict; none where there is none."""
    if not verdict:
        return Part()
    return Part(sections={"verdict": "Verdict"}, context={"verdict": verdict_parts(verdict)})


def of_explorer(explorer: Explorer | None) -> Part:
    """Return what can be looked at; where there is no plan, the two clouds alone."""
    if explorer is None:
        return Part()
    explorer = replace(explorer, classes=tuple(map(seen, explorer.classes)))
    sheets = {
        side: sprite(images)
        for side, images in (("source", explorer.source_images), ("target", explorer.target_images))
        if images is not None
    }
    part = Part(
        sections={"clouds": "What moved"},
        context={"explorer": explorer, "clouds_sentence": clouds_sentence(explorer.clouds)}
        | {"sprites": sheets},
        plots=plot_clouds(explorer),
        data={"explorer": payload(explorer)}
        | {
            "sheets": {
                side: {k: v for k, v in s.items() if k != "uri"} for side, s in sheets.items()
            }
        },
    )
    if explorer.sent is not None:
        part.sections["explorer"] = "One point"
        part.plots["explorer"] = plot_explorer(explorer)
        part.context["class_rows"] = class_rows(explorer, explorer.sent)
    if explorer.plan is not None:
        view = explorer.plan
        part.sections.update(plan="Whole plan", mass="Confusions")
        part.plots["plan"] = plot_plan(explorer, view)
        part.plots["class-mass"] = plot_class_mass(explorer, view)
        part.context["plan_sentence"] = plan_sentence(view)
        part.context["mass_sentence"] = mass_sentence(explorer, view)
        part.context["missing_sentence"] = missing_sentence(explorer, view)
        part.context["mass_rows"] = [
            (name, [f"{100 * share:.2f}" for share in row.tolist()])
            for name, row in zip(explorer.classes, view.class_mass, strict=True)
        ]
    if explorer.at_risk is not None and len(explorer.at_risk.target):
        part.sections["risk"] = "At risk"
        part.context["risks"] = risk_rows(explorer)
    if explorer.convergence is not None:
        part.sections["trust"] = "Trust"
        part.context.update(of_convergence(explorer.convergence))
        if len(explorer.convergence.history) > 1:
            part.plots["convergence"] = plot_convergence(explorer.convergence)
    return part


def of_convergence(convergence: Convergence) -> dict[str, Any]:
    """Return what is said of the solve."""
    every = -(-len(convergence.history) // MOST_SWEEPS) or 1
    history = list(enumerate(convergence.history, start=1))
    kept = history[::every] + (history[-1:] if (len(history) - 1) % every else [])
    source, target = convergence.marginal_error
    asked = convergence.tolerance
    moved = "" if convergence.moved is None else percent(convergence.moved)
    lines = [
        ("status", convergence.status),
        *([("mass that is moved", moved)] if moved else []),
        ("marginal error of the source, L1", number(source)),
        ("marginal error of the target, L1", number(target)),
        ("asked for", "none" if asked is None else f"at most {number(asked)}"),
        ("duality gap", _bound(convergence.dual_gap)),
        ("objective", number(convergence.objective)),
        ("epsilon, in units of the cost", number(convergence.epsilon)),
        ("sweeps", f"{convergence.sweeps:,}"),
    ]
    return {
        "convergence": convergence,
        "moved": moved,
        "trust_sentence": trust_sentence(convergence),
        "certificate": lines,
        "history": [(sweep, number(error)) for sweep, error in kept],
    }


def _bound(gap: float) -> str:
    """Write a duality gap, which is below nothing by rounding alone."""
    return number(gap) if gap >= 0 else f"0, but for rounding ({number(gap)})"
