"""The walk of a warning, in one screen."""

import threading
from datetime import UTC, datetime, timedelta

from rencheng.domain.warning import WarningMessage
from rencheng.runtime.logs import get_logger
from services.alerts.book import LATENESS, Book
from services.alerts.settings import AlertSettings
from services.alerts.wiring import Parts, open_parts

log = get_logger("alerts")

IDLE_S = 0.5
"""How long to wait for a message before looking at registry, catch-up and deliveries again."""

FIRST_LOOK = timedelta(hours=1)
"""How far back stored readings of a site matter that has never been judged."""


def run(settings: AlertSettings, stop: threading.Event) -> None:
    """Listen, judge, keep and deliver until asked to stop."""
    with open_parts(settings) as parts:
        while not stop.is_set():
            step(parts)
        parts.outbox.save()


def step(parts: Parts) -> None:
    """Feed → engine → outbox → delivery."""
    parts.follow_registry()
    heard = parts.feed.take(parts.directory, _since(parts.book), wait_s=IDLE_S)
    messages = [message for reading, at in heard if (message := parts.book.take(reading, at))]
    for message in messages:
        _tell(message)
    said = [parts.dress(message) for message in messages]
    committed = parts.outbox.keep(said, parts.book.changed_pages())
    parts.deliver(anew=committed)
    parts.session.resume_if_drained()


def _since(book: Book) -> dict[str, datetime]:
    """From when on stored readings of each gauge matter: its site's watermark, less the lateness allowed."""
    first_look = datetime.now(UTC) - FIRST_LOOK
    since: dict[str, datetime] = {}
    for site in book.sites.values():
        watermark = book.page(site.site_id).state.watermark
        since |= dict.fromkeys(site.device_ids, watermark - LATENESS if watermark else first_look)
    return since


def _tell(message: WarningMessage) -> None:
    log.info(
        "warning",
        message=message.message_type.value,
        site=message.site_id,
        colour=message.level.word,
        rule=message.grounds.rule,
        at=message.issued_at.isoformat(),
    )
