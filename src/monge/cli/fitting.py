"""`monge fit`: two tables in, an adapter out."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from monge.adapters import CLASSIFIERS, Adapter
from monge.adapters.artifact import PRECISIONS, Precision
from monge.adapters.finding import asked_of
from monge.adapters.named import CHOICES
from monge.cli.bars import Bars
from monge.cli.ending import ending, print_json
from monge.cli.reporting import check_page, command, write
from monge.cli.rooms import require_free, say_ignored, tables, workflows
from monge.cli.screen import say, say_verdict
from monge.cli.words import AsJson, Force
from monge.memory import DEFAULT_BUDGET, format_bytes, require_memory
from monge.store import require_place
from monge.verdict import Verdict

__all__ = [
    "Classifier",
    "Drop",
    "Label",
    "Memory",
    "Option",
    "Source",
    "Target",
    "adapter_of",
    "fit",
]


Source = Annotated[
    Path, typer.Argument(help="Labelled table: .csv, .parquet, .npz, .npy.", metavar="SOURCE")
]
Target = Annotated[
    Path, typer.Argument(help="Table to adapt to; labels are not read.", metavar="TARGET")
]
Label = Annotated[
    str, typer.Option("--label", help="Column of labels in SOURCE.", metavar="COLUMN")
]
Classifier = Annotated[
    str, typer.Option("--classifier", help=f"{', '.join(CLASSIFIERS)}.", metavar="NAME")
]
Option = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        help="Repeatable, e.g. transport.epsilon=0.1, subsample=2560, random_state=0.",
        metavar="KEY=VALUE",
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option("--drop", help="Repeatable: a column that is no feature.", metavar="COLUMN"),
]
Memory = Annotated[
    str, typer.Option("--memory", help="The most that the tables may take.", metavar="SIZE")
]

_INFINITIES = frozenset(sign + word for sign in ("", "+", "-") for word in ("inf", "infinity"))


def fit(
    source: Source,
    target: Target,
    *,
    label: Label,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder of the adapter.", metavar="FOLDER")
    ],
    transport: Annotated[
        str, typer.Option("--transport", help=f"{', '.join(CHOICES)}.", metavar="NAME")
    ] = "sinkhorn",
    classifier: Classifier = "nearest",
    option: Option = None,
    drop: Drop = None,
    memory: Memory = DEFAULT_BUDGET,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Do not judge whether adapting helps.")
    ] = False,
    precision: Annotated[
        str,
        typer.Option(
            "--precision",
            help="compact: points to seven digits, half the size or less; exact: as they are.",
            metavar="WORD",
        ),
    ] = "compact",
    page: Annotated[
        Path | None,
        typer.Option(
            "--report", help="Page to write as well, as `monge report` does.", metavar="FILE"
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Fit an adapter on a labelled and an unlabelled table.

    Columns are matched by name: every column of SOURCE but the label and the dropped ones is a
    feature, and TARGET must have it. Whether adapting helps is judged as well, without a label of
    TARGET, and told; the adapter is made whatever the verdict, which is kept in it.
    """
    how = _precision(precision)
    adapter = adapter_of(transport, classifier, option or [])
    with ending(as_json=as_json):
        require_free(out, force=force)
        require_place(out)
        if page is not None:
            check_page(page, force=force, read=(source, target))
        rooms, open_table = workflows(), tables().open_table
        left, right = open_table(source), open_table(target)
        sizes = rooms.sizes_of(left, right, label, drop or [])
        require_memory("monge fit", sizes.need, memory, "pass a larger --memory, or fewer rows")
        say(
            f"{_rows(left)} and {_rows(right)}, {len(sizes.features)} features: the tables take "
            f"{format_bytes(sizes.need)} of memory{_plan_memory(adapter)}.",
            quiet=as_json,
        )
        say_ignored(target, sizes.ignored, quiet=as_json)
        with Bars() as bars:
            rooms.fit_tables(
                adapter,
                left,
                right,
                label=label,
                features=sizes.features,
                check=not no_check,
                report=bars,
            )
        adapter.save(out, notes={"label": label}, precision=how)
    if page is not None:
        sides = left, right
        with ending(as_json=as_json, interrupted=f"{out} was written, its page was not"):
            write(adapter, sides, label=label, out=page, again=command(out, sides, page))
    _tell(adapter, out, page, as_json=as_json)


def _precision(word: str) -> Precision:
    for known in PRECISIONS:
        if word == known:
            return known
    raise typer.BadParameter(
        f"{word!r} is not one of {', '.join(PRECISIONS)}.", param_hint="--precision"
    )


def adapter_of(transport: str, classifier: str, options: list[str]) -> Adapter:
    """Make the unfitted adapter; what it does not know is wrong usage.

    Raises
    ------
    typer.BadParameter
        Naming the option.
    """
    for name, value, known in (
        ("--transport", transport, CHOICES),
        ("--classifier", classifier, CLASSIFIERS),
    ):
        if value not in known:
            raise typer.BadParameter(
                f"{value!r} is not one of {', '.join(known)}.", param_hint=name
            )
    # What is chosen is to be chosen again: draws have a seed, unless an option says otherwise.
    seed = 0 if transport == "auto" else None
    adapter = Adapter(transport, classifier=classifier, random_state=seed)
    for text in options:
        key, separator, value = text.partition("=")
        if not separator:
            raise typer.BadParameter(f"{text!r} is not KEY=VALUE.", param_hint="--option")
        try:
            adapter.set_params(**{key.replace(".", "__"): _value(value)})
            asked_of(adapter, semi_supervised=False)
        except (AttributeError, TypeError, ValueError) as error:
            said = str(error).splitlines()[0]
            raise typer.BadParameter(f"{text!r}: {said}", param_hint="--option") from error
    return adapter


def _value(text: str) -> Any:
    """Read a number, inf too, true, false, null, a list; anything else is text."""
    if text.lower() in _INFINITIES:
        return float(text)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _rows(table: Any) -> str:
    count = "rows not known" if table.n_rows is None else f"{table.n_rows:,} rows"
    return f"{table.path.name} ({count})"


def _plan_memory(adapter: Adapter) -> str:
    """Say what the plan may take, where the transport has a budget."""
    budget = adapter.get_params().get("transport__memory")
    if budget is None:
        return ""
    return f", the plan at most {budget if isinstance(budget, str) else format_bytes(budget)} more"


def _tell(adapter: Adapter, out: Path, page: Path | None, *, as_json: bool) -> None:
    size = sum(path.stat().st_size for path in out.iterdir())
    certificate = adapter.certificate_
    verdict: Verdict | None = getattr(adapter, "verdict_", None)
    chosen = hasattr(adapter, "transport_")  # by the verdict
    if as_json:
        print_json(
            {
                "adapter": str(out),
                "bytes": size,
                "features": list(map(str, adapter.feature_names_in_)),
                "classes": adapter.classes_.tolist(),
                "certificate": None if certificate is None else asdict(certificate),
                "verdict": None if verdict is None else verdict.to_json(),
            }
            | ({} if page is None else {"page": str(page)})
        )
        return
    if certificate is not None:
        n, m = certificate.shape
        error = max(certificate.marginal_error_source, certificate.marginal_error_target)
        say(
            f"Plan of {n:,} x {m:,} rows: {certificate.status.lower()}, marginal error {error:.1e}."
        )
    if verdict is not None:
        say_verdict(verdict)
        if not chosen and verdict.decision != "adapt":
            say(f"Judged: {verdict.choice.name} alone; --transport auto tries the others.")
    keeps = chosen and verdict and verdict.decision != "adapt"
    still = ", which moves nothing" if keeps else ""
    say(f"Adapter: {out} ({len(adapter.classes_)} classes, {format_bytes(size)}){still}")
    if page is not None:
        say(f"Page: {page} ({format_bytes(page.stat().st_size)})")
