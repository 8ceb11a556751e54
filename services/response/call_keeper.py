"""Calls: every second each call goes on."""

from collections.abc import Sequence
from datetime import datetime

from rencheng.domain.mute import Mute
from rencheng.operations.asks import AskSender
from rencheng.operations.calls import follow_warning, warnings_to_look_at
from rencheng.runtime.logs import get_logger
from rencheng.store.calls.answers import delete_expired_links
from rencheng.store.calls.asks import hasten_asks
from rencheng.store.calls.replies import delete_old_replies
from rencheng.store.core.database import Connection
from services.response.warning_keeper import WarningKeeper

log = get_logger("response")


class CallKeeper(WarningKeeper):
    """Lets every call go on.

    Args:
        database_url: the database.
        public_url: the address of the API, under which people answer.
    """

    def __init__(self, database_url: str, public_url: str) -> None:
        super().__init__(database_url, "calls")
        self._asks = AskSender(public_url)

    def find(self, connection: Connection, mutes: Sequence[Mute]) -> list[str]:
        """Return the warnings whose calls need a look."""
        return warnings_to_look_at(connection, mutes)

    def follow(self, connection: Connection, warning_id: str, mutes: Sequence[Mute]) -> None:
        """Let one call go on."""
        for result in follow_warning(connection, warning_id, mutes, self._asks):
            log.info("call", warning=warning_id, state=result.call.state.value, round=result.call.round)

    def tidy(self, connection: Connection, before: datetime) -> None:
        """Use the next contact method of people where the others failed; delete links, codes and replies."""
        hasten_asks(connection)
        delete_expired_links(connection, before)
        delete_old_replies(connection, before)
