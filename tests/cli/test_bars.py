"""The bars themselves, on a console of a known width."""

import re
from contextlib import suppress
from io import StringIO

import pytest
from rich.console import Console

from monge.cli.bars import Bars
from monge.progress import Progress

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def drawn(*signs, terminal=True, interrupted=False):
    """Return the lines that a console of 80 columns shows, the bars after every sign."""
    console = Console(file=StringIO(), force_terminal=terminal, width=80, height=24)
    bars = Bars(console)
    with suppress(KeyboardInterrupt), bars:
        for sign in signs:
            bars(sign)
            bars.live.refresh()
        if interrupted:
            raise KeyboardInterrupt
    text = ESCAPE.sub("", console.file.getvalue())
    return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]


def sign(task="Sinkhorn plan", done=1, total=None, detail=""):
    return Progress(task=task, done=done, total=total, detail=detail)


LONG = "marginal error 8.3e-07, to reach 1e-06, 0.2 s, and something more to be said"


@pytest.mark.parametrize("task", ["Fit", "Downloading train-images-idx3-ubyte.gz"])
def test_a_long_detail_gives_way_and_nothing_else(task):
    line = drawn(sign(task, 5, 10, LONG))[-1]
    assert line.startswith(f"{task} ━━━━━━━━")
    assert " 50% " in line
    assert line.endswith("…")
    assert len(line) <= 80


def test_a_bar_becomes_a_line_when_it_is_over():
    lines = drawn(sign("Training", 5, 10), sign("Training", 10, 10, "loss 0.1"), sign("Next", 1, 3))
    assert "Training: done (loss 0.1)" in lines
    assert lines[-1].startswith("Next ")
    after = lines[lines.index("Training: done (loss 0.1)") + 2 :]
    assert not any(line.startswith("Training ") for line in after)


def test_a_task_of_the_same_name_gets_a_bar_of_its_own():
    signs = [sign("Training", done, 2) for done in (1, 2, 1, 2)]
    assert drawn(*signs).count("Training: done") == 2


def test_a_task_without_a_total_is_over_when_another_begins():
    lines = drawn(sign(detail="error 1"), sign(done=2, detail="error 2"), sign("Pictures", 1, 2))
    assert "Sinkhorn plan: done (error 2)" in lines
    assert not any("%" in line for line in lines if line.startswith("Sinkhorn plan "))


def test_a_task_without_a_total_is_over_at_the_end():
    assert "Sinkhorn plan: done (error 1)" in drawn(sign(detail="error 1"))


def test_what_was_broken_off_is_not_called_done():
    lines = drawn(sign(detail="error 1"), interrupted=True)
    assert not any("done" in line for line in lines)


def test_no_terminal_gets_the_lines_alone():
    signs = [sign("Training", done, 3, LONG * 2) for done in (1, 2, 3)]
    assert drawn(*signs, sign(detail="error 1"), terminal=False) == [
        f"Training: done ({LONG * 2})",
        "Sinkhorn plan: done (error 1)",
    ]


def test_brackets_are_no_markup():
    lines = drawn(sign("Fit [bold]", 1, 2, "[red]x[/red]"), sign("Fit [bold]", 2, 2, "[y]"))
    assert "Fit [bold]: done ([y])" in lines
    assert any("[red]x[/red]" in line for line in lines)
