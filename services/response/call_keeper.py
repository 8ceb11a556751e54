"""Calls: in a thread of its own, so that many calls at once do not delay deliveries."""

from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from rencheng.domain.errors import StoreUnavailable
from rencheng.operations.asks import AskSender
from rencheng.operations.calls import follow_warning, warnings_to_look_at
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage
from rencheng.runtime.periodic import PeriodicThread
from rencheng.store.calls.answers import delete_expired_links
from rencheng.store.calls.asks import hasten_asks
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.warnings.mutes import load_mutes

log = get_logger("response")

LOOK_EVERY_S = 1.0
"""The longest time by which a step of a call is late."""

LINKS_KEPT = timedelta(days=1)
"""An expired link is deleted after this time."""


class CallKeeper:
    """Lets every call go on. Any number of processes may do so; each call is taken by one at a time.

    Args:
        database_url: the database.
        public_url: the address of the API, under which people answer.
    """

    def __init__(self, database_url: str, public_url: str) -> None:
        self._engine = open_database(database_url, name="rencheng-response-calls", connections_max=1)
        self._asks = AskSender(public_url)
        self._thread = PeriodicThread(self._look, LOOK_EVERY_S, name="calls")

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop after the present call."""
        self._thread.__exit__(kind, error, trace)
        self._engine.dispose()

    def _look(self) -> None:
        try:
            self._follow_all()
        except Exception:
            log.exception("calls cannot be followed")

    def _follow_all(self) -> None:
        with tolerate_outage(log, "calls go on when it is back"), translate_errors():
            self._follow()

    def _follow(self) -> None:
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            mutes = [mute for mute, _ in load_mutes(connection, now)]
            hasten_asks(connection)
            found = warnings_to_look_at(connection, mutes)
            delete_expired_links(connection, now - LINKS_KEPT)
        for warning_id in found:
            try:
                with translate_errors(), self._engine.begin() as connection:
                    results = follow_warning(connection, warning_id, mutes, self._asks)
            except StoreUnavailable:
                raise
            except Exception:  # one call that cannot be read stops no other
                log.exception("call cannot be followed", warning=warning_id)
                continue
            for result in results:
                log.info("call", warning=warning_id, state=result.call.state.value, round=result.call.round)
