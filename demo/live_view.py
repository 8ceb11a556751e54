"""The display during the replay: a progress bar and a line for each warning."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from device_sims.player import PlayProgress
from rencheng.domain.place import CITY_ZONE
from rencheng.store.accounting.counts import totals
from rencheng.store.core.database import Engine
from rencheng.store.warnings.log import WarningFilters, events_of, list_warnings

REFRESH_EVERY_S = 0.5
LINE_EVERY_S = 5.0

STYLES = {"blue": "blue", "yellow": "yellow", "orange": "dark_orange", "red": "red"}


class LiveView:
    """A display of the replay's progress and of the warnings in the database."""

    def __init__(self, console: Console, engine: Engine, world: str) -> None:
        self._console = console
        self._engine = engine
        self._world = world
        self._progress: PlayProgress | None = None
        self._stored = 0
        self._shown_identifiers: set[str] = set()
        self._line_at = time.monotonic()
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[figures]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task("replaying floods", total=1.0, figures="")

    def on_progress(self, progress: PlayProgress) -> None:
        """Take the progress after a slice of the replay."""
        self._progress = progress

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the display until the context ends."""
        over = threading.Event()
        thread = threading.Thread(target=self._refresh_until, args=(over,), name="live view")
        with self._bars:
            thread.start()
            try:
                yield
            finally:
                over.set()
                thread.join()

    def _refresh_until(self, over: threading.Event) -> None:
        while not over.wait(REFRESH_EVERY_S):
            self.refresh()

    def refresh(self) -> None:
        """Read the database, and show new warnings and counts."""
        with self._engine.connect() as connection:
            self._stored = totals(connection, self._world).stored
            warnings = list_warnings(connection, WarningFilters(world=self._world), limit=1000)
            events = [event for warning in warnings for event in events_of(connection, warning["warning_id"])]
        for event in sorted(events, key=lambda event: (event["recorded_at"], event["issued_at"])):
            self._show_warning(event["identifier"], event["document"])
        self._show_figures()

    def _show_warning(self, identifier: str, document: dict[str, object]) -> None:
        if identifier in self._shown_identifiers:
            return
        self._shown_identifiers.add(identifier)
        level = str(document["level"])
        headline = document["headline"]
        text = headline["zh"] if isinstance(headline, dict) else headline
        self._bars.console.print(f"  [{STYLES[level]}]■[/] {document['issued_at']} {text}", highlight=False)

    def _show_figures(self) -> None:
        progress = self._progress
        if progress is None:
            return
        clock = f"{progress.event_now.astimezone(CITY_ZONE):%H:%M}"
        figures = f"event time {clock}  published {progress.readings_published:,}  stored {self._stored:,}"
        self._bars.update(self._task, completed=progress.completed_share, figures=figures)
        if not self._console.is_terminal and time.monotonic() - self._line_at >= LINE_EVERY_S:
            self._line_at = time.monotonic()
            self._console.print(f"replaying floods: {100 * progress.completed_share:.0f} %  {figures}", highlight=False)
