"""Progress of long steps: a bar on a terminal, a line every few seconds elsewhere, nothing in tests."""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

LINE_EVERY_S = 3.0


class ProgressStep(Protocol):
    """A step in progress."""

    def update(self, done: float, total: float) -> None:
        """Report how far the step is."""


class ProgressReporter(Protocol):
    """A receiver of progress reports."""

    def print_line(self, text: str) -> None:
        """Print a line."""

    def step(self, title: str) -> AbstractContextManager[ProgressStep]:
        """Begin a step; it ends with the context."""


class SilentProgress:
    """A reporter that prints nothing."""

    def print_line(self, text: str) -> None:
        """Ignore the line."""

    @contextmanager
    def step(self, title: str) -> Iterator[ProgressStep]:
        """Ignore the step."""
        del title
        yield self

    def update(self, done: float, total: float) -> None:
        """Ignore the progress."""


class BarProgress:
    """A reporter with a bar for each step, for terminals."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def print_line(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, highlight=False, markup=False)

    @contextmanager
    def step(self, title: str) -> Iterator[ProgressStep]:
        """Show a bar until the context ends."""
        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
        )
        with Bars(*columns, console=self._console) as bars:
            bar = _Bar(bars, title)
            yield bar
            bar.update(1, 1)


class _Bar:
    def __init__(self, bars: Bars, title: str) -> None:
        self._bars = bars
        self._task = bars.add_task(title, total=None)

    def update(self, done: float, total: float) -> None:
        self._bars.update(self._task, completed=done, total=total)


class LineProgress:
    """A reporter with plain lines, for logs and pipes."""

    def print_line(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)  # noqa: T201 - lines on stdout are what this class is for

    @contextmanager
    def step(self, title: str) -> Iterator[ProgressStep]:
        """Print the start, a line every few seconds, and the end."""
        self.print_line(f"{title} …")
        began = time.monotonic()
        yield _Lines(self, title)
        self.print_line(f"{title}: done in {time.monotonic() - began:.1f} s")


class _Lines:
    def __init__(self, progress: LineProgress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._reported_at = time.monotonic()

    def update(self, done: float, total: float) -> None:
        if time.monotonic() - self._reported_at < LINE_EVERY_S:
            return
        self._reported_at = time.monotonic()
        self._progress.print_line(f"{self._title}: {100 * done / total:.0f} %")


def progress_for_stdout() -> ProgressReporter:
    """Return the reporter that fits stdout."""
    return BarProgress(Console()) if sys.stdout.isatty() else LineProgress()
