"""The table on the terminal: plain text, one block a job."""

from __future__ import annotations

from typing import Any

__all__ = ["job_table"]

HEAD = ("", "time", "in sweeps", "peak memory", "L1 error", "")


def _number(value: float) -> str:
    """Write a figure with three digits."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _seconds(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "-"
    value = figure.get("value", figure.get("minimum"))
    about = "~" if "extrapolated" in figure else ""
    return f"{about}{_number(value * 1e3)} ms" if value < 1 else f"{about}{_number(value)} s"


def _bytes(figure: dict[str, Any] | None) -> str:
    return "-" if figure is None else f"{figure['value'] / 1e6:,.0f} MB"


def _note(row: dict[str, Any]) -> str:
    says, figures, notes = row.get("says", {}), row["figures"], []
    if "operator" in says:
        passes = f"{says['kernel_passes']} passes, {says['full_passes']} of them whole"
        notes.append(f"{says['operator']}, {passes}, {says['status']}")
    iterations = says.get("iterations", row["options"].get("iterations"))
    if iterations is not None and "time_of_an_iteration" not in figures:
        notes.append(f"{iterations} iterations")
    if "time_of_an_iteration" in figures:
        sweeps = figures.get("time_of_an_iteration_in_sweeps")
        each = _seconds(figures["time_of_an_iteration"])
        notes.append(f"{each} ({_number(sweeps['value'])} sweeps) an iteration" if sweeps else each)
    if "extrapolated" in figures.get("time", {}):
        notes.append(f"time extrapolated {figures['time']['extrapolated']}")
    elif "time_of_the_measured_iterations" in figures:
        notes.append("how many it needs is not known")
    elif row.get("reached") is False:
        notes.append("error NOT reached")
    other = figures.get("answers_other_than_monge")
    if other is not None:
        notes.append(f"{other['value']} answers differ")
    if "bare_sweep" in figures:
        notes.append(f"bare sweep {_seconds(figures['bare_sweep'])}")
    return "; ".join(notes)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    figures = row["figures"]
    sweeps = figures.get("time_in_sweeps")
    error = figures.get("true_error", figures.get("certified_error"))
    after = error is not None and "after_iterations" in error
    if error is None or after:
        reached = "-"
    else:
        reached = "none" if error["value"] is None else f"{error['value']:.1e}"
    return (
        row["who"],
        _seconds(figures.get("time")),
        "-" if sweeps is None else _number(sweeps["value"]),
        _bytes(figures.get("peak_memory_above_data")),
        reached,
        row.get("absent") or _note(row),
    )


def _goal(goal: dict[str, Any]) -> str:
    value = "not measured" if goal["value"] is None else _number(goal["value"])
    verdict = {True: "met", False: "NOT met", None: "no verdict at this size"}[goal["met"]]
    if goal["value"] is None:
        verdict = "open"
    unit = f" {goal['unit']}" if goal["unit"] else ""
    asked = f"{goal['sense']} {_number(goal['goal'])}{unit}"
    return f"  goal: {goal['figure']} {asked}: {value}{unit if goal['value'] else ''} -> {verdict}"


def job_table(name: str, job: dict[str, Any]) -> str:
    """Write the table of one job, its sweep above and its goals below."""
    settings = job["settings"]
    size = f"{settings['n']:,} x {settings['m']:,}, {settings['d']} features"
    lines = [f"[{name}] {job['title']}", f"  {size}"]
    if job["sweep"] is not None:
        sweep = job["sweep"]
        shape = f"{sweep['orientation']} in blocks of {sweep['block']}"
        took = _seconds(sweep["time"])
        rate = f"{sweep['rate']['value']:.0f} {sweep['rate']['unit']}"
        lines.append(f"  one bare sweep: {took} ({rate}, {shape})")
    table = [HEAD, *map(_cells, job["rows"])]
    widths = [max(len(cells[i]) for cells in table) for i in range(len(HEAD) - 1)]
    for cells in table:
        left = f"  {cells[0]:<{widths[0]}}"
        middle = "".join(f"  {c:>{w}}" for c, w in zip(cells[1:-1], widths[1:], strict=True))
        lines.append(f"{left}{middle}  {cells[-1]}".rstrip())
    lines += map(_goal, job["goals"])
    return "\n".join(lines)
