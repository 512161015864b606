"""What the commands print: tables and sentences, drawn by rich."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table

from monge.experiments import Experiment, Finished
from monge.nets import LayerSummary

__all__ = ["complain", "print_finished", "print_network", "print_step", "print_warning"]


def complain(text: str) -> None:
    """Print an error on standard error."""
    Console(stderr=True).print(
        text, style="bold red", highlight=False, markup=False, soft_wrap=True
    )


def print_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning as one sentence, without the place in the code."""
    del category, filename, lineno, file, line
    Console(stderr=True).print(
        f"{message}", style="yellow", highlight=False, markup=False, soft_wrap=True
    )


def print_step(experiment: Experiment) -> None:
    """Say which experiment runs, under which protocol."""
    console = Console()
    console.print(f"[bold]{experiment.source_name} to {experiment.target_name}[/bold]")
    console.print(experiment.protocol, highlight=False)


def print_network(layers: Sequence[LayerSummary]) -> None:
    """Print the summary of a network: layers, output shapes, parameters."""
    table = Table(title="LeNet5", title_justify="left", show_footer=True)
    table.add_column("layer", footer="all")
    table.add_column("kind")
    table.add_column("output shape")
    total = sum(layer.parameters for layer in layers)
    table.add_column("parameters", justify="right", footer=f"{total:,}")
    for layer in layers:
        shape = " x ".join(map(str, layer.output_shape))
        table.add_row(layer.name, layer.kind, shape, f"{layer.parameters:,}")
    Console().print(table)


def print_finished(finished: Finished) -> None:
    """Print the table of methods, the plan's certificate, and where everything lies."""
    result, console = finished.result, Console()
    seeds = len(result.seeds)
    title = f"Accuracy on {result.target_n:,} {result.target_name} rows, {seeds} seed"
    table = Table(title=title + ("s" if seeds > 1 else ""), title_justify="left")
    table.add_column("method")
    table.add_column("accuracy %", justify="right")
    table.add_column("deviation", justify="right")
    table.add_column("seconds", justify="right")
    for method in result.methods.values():
        spread = method.accuracy
        deviation = f"{100 * spread.std:.2f}" if seeds > 1 else "-"
        seconds = sum(method.seconds) / len(method.seconds)
        table.add_row(method.title, f"{100 * spread.mean:.2f}", deviation, f"{seconds:.1f}")
    console.print(table)
    plan = result.plan
    console.print(
        f"Source accuracy {100 * result.source_accuracy.mean:.2f} %. Plan of {plan.shape[0]:,} x "
        f"{plan.shape[1]:,} rows: {plan.status[0]}, marginal error {max(plan.marginal_error):.1e}; "
        f"{100 * sum(plan.class_mass) / seeds:.0f} % of its mass joins equal classes "
        f"({100 * sum(plan.class_mass_independent) / seeds:.0f} % if independent).",
        highlight=False,
    )
    if result.experiment == "mnist-usps":
        console.print("The post: 71.51 % before, 78.60 % after transport.", highlight=False)
    console.print(f"Report: {finished.page}", highlight=False, soft_wrap=True)
