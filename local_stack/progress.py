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


class Step(Protocol):
    """A step under way."""

    def at(self, done: float, total: float) -> None:
        """Tell how far the step has come."""


class Progress(Protocol):
    """Where long steps are told to."""

    def say(self, text: str) -> None:
        """Tell something once."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Begin a step; it ends with the context."""


class Silence:
    """Tells nothing."""

    def say(self, text: str) -> None:
        """Drop it."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Drop what the step tells."""
        del title
        yield self

    def at(self, done: float, total: float) -> None:
        """Drop it."""


class BarProgress:
    """A moving bar for each step, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, highlight=False, markup=False)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
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
            bar.at(1, 1)


class _Bar:
    def __init__(self, bars: Bars, title: str) -> None:
        self._bars = bars
        self._task = bars.add_task(title, total=None)

    def at(self, done: float, total: float) -> None:
        self._bars.update(self._task, completed=done, total=total)


class LineProgress:
    """Plain lines, for logs and pipes."""

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)  # noqa: T201 - lines on stdout are what this class is for

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Print the beginning, a line every few seconds, and the end."""
        self.say(f"{title} …")
        began = time.monotonic()
        yield _Lines(self, title)
        self.say(f"{title}: done in {time.monotonic() - began:.1f} s")


class _Lines:
    def __init__(self, progress: LineProgress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._told_at = time.monotonic()

    def at(self, done: float, total: float) -> None:
        if time.monotonic() - self._told_at < LINE_EVERY_S:
            return
        self._told_at = time.monotonic()
        self._progress.say(f"{self._title}: {100 * done / total:.0f} %")


def progress_for_stdout() -> Progress:
    """The progress that fits where stdout goes."""
    return BarProgress(Console()) if sys.stdout.isatty() else LineProgress()
