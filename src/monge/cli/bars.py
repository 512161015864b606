"""Progress bars: the library's callback, drawn by rich."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from monge.progress import Progress

__all__ = ["Bars"]


class Bars:
    """A `monge.progress.Report` that draws one bar for each task.

    Where the output is no terminal, it writes one line when a task is over.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.live = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.live.stop()

    def __call__(self, progress: Progress) -> None:
        """Draw one sign of life."""
        over = progress.total is not None and progress.done >= progress.total
        if not self.console.is_terminal:
            if over:
                detail = f" ({progress.detail})" if progress.detail else ""
                line = f"{progress.task}: done{detail}"
                self.console.print(line, highlight=False, markup=False, soft_wrap=True)
            return
        if progress.task not in self.tasks:
            self.tasks[progress.task] = self.live.add_task(
                progress.task, total=progress.total, detail=progress.detail
            )
        self.live.update(
            self.tasks[progress.task],
            completed=progress.done,
            total=progress.total,
            detail=progress.detail,
        )
        if over:
            # A later task of the same name (the next seed's training) gets a bar of its own.
            del self.tasks[progress.task]
