"""What follows from warnings: in a thread of its own for each kind, so that many at once delay no delivery."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.mute import Mute
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage
from rencheng.runtime.periodic import PeriodicThread
from rencheng.store.core.database import Connection, open_database, translate_errors
from rencheng.store.warnings.mutes import load_mutes

log = get_logger("response")

LOOK_EVERY_S = 1.0
"""The longest time by which a step is late."""

LINKS_KEPT = timedelta(days=1)
"""An expired link is deleted after this time."""


class WarningKeeper(ABC):
    """Lets what follows from each warning go on. Any number of processes may do so; each warning is taken by one.

    Args:
        database_url: the database.
        name: of what follows, for the log.
    """

    def __init__(self, database_url: str, name: str) -> None:
        self._engine = open_database(database_url, name=f"rencheng-response-{name}", connections_max=1)
        self._name = name
        self._thread = PeriodicThread(self._look, LOOK_EVERY_S, name=name)

    @abstractmethod
    def find(self, connection: Connection, mutes: Sequence[Mute]) -> list[str]:
        """Return the warnings that need a look, the gravest first."""

    @abstractmethod
    def follow(self, connection: Connection, warning_id: str, mutes: Sequence[Mute]) -> None:
        """Let what follows from one warning go on."""

    @abstractmethod
    def tidy(self, connection: Connection, before: datetime) -> None:
        """Delete links that expired before a time."""

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop after the present warning."""
        self._thread.__exit__(kind, error, trace)
        self._engine.dispose()

    def _look(self) -> None:
        try:
            with tolerate_outage(log, f"{self._name} go on when it is back"), translate_errors():
                self._follow_all()
        except Exception:
            log.exception("look failed", part=self._name)

    def _follow_all(self) -> None:
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            mutes = [mute for mute, _ in load_mutes(connection, now)]
            self.tidy(connection, now - LINKS_KEPT)
            found = self.find(connection, mutes)
        for warning_id in found:
            try:
                with translate_errors(), self._engine.begin() as connection:
                    self.follow(connection, warning_id, mutes)
            except StoreUnavailable:
                raise
            except Exception:  # one that cannot be read stops no other
                log.exception("warning cannot be followed", part=self._name, warning=warning_id)
