"""Progress bars: the library's callback, drawn by rich."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Column

from monge.progress import Progress

__all__ = ["Bars"]


class Bars:
    """A `monge.progress.Report` that draws a bar for each task and writes a line when it is over.

    Where the output is no terminal, there are only the lines. A task without a known total is over
    when another one begins, and one that has done with less than its total, such as turns at the
    most, when all is over.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.live = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True),
            # The last column gives way where the terminal is narrow.
            TextColumn(
                "{task.fields[detail]}",
                style="dim",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=self.console,
            disable=not self.console.is_terminal,
            expand=True,
        )
        self.tasks: dict[str, TaskID] = {}
        self.endless: dict[str, Progress] = {}
        self.open: dict[str, Progress] = {}

    def __enter__(self) -> Self:
        self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._end_endless()
            for progress in list(self.open.values()):
                self._end(progress)
        self.live.stop()

    def __call__(self, progress: Progress) -> None:
        """Draw one sign of life."""
        self._end_endless(but=progress.task)
        if progress.total is None:
            self.endless[progress.task] = progress
        elif progress.done >= progress.total:
            self._end(progress)
            return
        else:
            self.open[progress.task] = progress
        if progress.task not in self.tasks:
            self.tasks[progress.task] = self.live.add_task(
                progress.task, total=progress.total, detail=""
            )
        self.live.update(
            self.tasks[progress.task],
            completed=progress.done,
            total=progress.total,
            detail=progress.detail,
        )

    def _end_endless(self, but: str | None = None) -> None:
        for progress in [p for task, p in self.endless.items() if task != but]:
            self._end(progress)

    def _end(self, progress: Progress) -> None:
        """Turn a bar into a line."""
        self.endless.pop(progress.task, None)
        self.open.pop(progress.task, None)
        if progress.task in self.tasks:
            self.live.remove_task(self.tasks.pop(progress.task))
        detail = f" ({progress.detail})" if progress.detail else ""
        line = f"{progress.task}: done{detail}"
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)
