"""Notices of many sites on their way out: retained on MQTT, and kept in the database."""

import json
import re
import time
from collections import deque
from collections.abc import Callable

from typing_extensions import TypedDict  # as for the warning's document

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.topic import ROOT
from rencheng.messages.warning_json import Bilingual
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Engine, translate_errors
from rencheng.store.warnings.notices import add_notices
from rencheng.text.formatting import stamp
from services.alerts.isolation import isolated
from services.alerts.suppression.notices import Notice

log = get_logger("alerts")

UNRECORDED_MAX = 1000
"""While the database is away, so many wait to be recorded; of a longer outage the last ones are kept."""

RETRY_S = 1.0

_UNFIT = re.compile(r"[\x00-\x20/+#\x7f]+")
"""What a step of a topic may not hold, and blanks."""


class NoticePublisher:
    """Sends each notice once, and records it.

    Args:
        engine: the database.
        publish: retains a payload on a topic; True when the broker has it.
    """

    def __init__(self, engine: Engine, publish: Callable[[str, bytes], bool]) -> None:
        self._engine = engine
        self._publish = publish
        self._unsent: dict[str, Notice] = {}
        self._unrecorded: deque[Notice] = deque(maxlen=UNRECORDED_MAX)
        self._retry_at = 0.0

    def publish(self, notices: list[Notice], *, connected: bool) -> None:
        """Take notices in; send and record all that can be. A newer one of a topic takes the place of one unsent."""
        for notice in notices:
            log.info(
                "notice", kind=notice.kind, topic=notice.topic, in_force=notice.in_force, sites=len(notice.site_ids)
            )
            self._unsent[topic_of(notice)] = notice
            self._unrecorded.append(notice)
        if not notices and time.monotonic() < self._retry_at:
            return
        self._retry_at = time.monotonic() + RETRY_S
        for topic, notice in list(self._unsent.items()):
            sent = False
            if connected:
                with isolated("notice", topic=topic):
                    sent = self._publish(topic, payload_of(notice))
            if not sent:
                break
            del self._unsent[topic]
        self._record()

    def _record(self) -> None:
        if not self._unrecorded:
            return
        try:
            with translate_errors(), self._engine.begin() as connection:
                add_notices(connection, [_row(notice) for notice in self._unrecorded])
            self._unrecorded.clear()
        except StoreUnavailable as away:
            log.warning("database away, notices go out unrecorded", waiting=len(self._unrecorded), why=str(away))


def topic_of(notice: Notice) -> str:
    """Where the newest notice about something is retained."""
    return f"{ROOT}/notice/{notice.kind}/{notice.world}/{_UNFIT.sub('-', notice.topic)}"


class NoticeDocument(TypedDict):
    """A notice of many sites. The newest of a topic stands for it; `in_force: false` ends it."""

    kind: str
    topic: str
    world: str
    issued_at: str
    in_force: bool
    level: str
    urgent: bool
    site_ids: list[str]
    text: Bilingual


def payload_of(notice: Notice) -> bytes:
    """A notice as JSON."""
    document: NoticeDocument = {
        "kind": notice.kind,
        "topic": notice.topic,
        "world": notice.world,
        "issued_at": stamp(notice.at),
        "in_force": notice.in_force,
        "level": notice.level.word,
        "urgent": notice.urgent,
        "site_ids": list(notice.site_ids),
        "text": {"zh": notice.zh, "en": notice.en},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _row(notice: Notice) -> dict[str, object]:
    return {
        "world": notice.world,
        "kind": notice.kind,
        "topic": notice.topic,
        "issued_at": notice.at,
        "in_force": notice.in_force,
        "level": int(notice.level),
        "urgent": notice.urgent,
        "site_ids": list(notice.site_ids),
        "text_zh": notice.zh,
        "text_en": notice.en,
    }
