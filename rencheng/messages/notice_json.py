"""A notice as JSON, and the MQTT topic on which it is retained."""

import re

from typing_extensions import TypedDict  # as for the warning's document

from rencheng.domain.notice import Notice
from rencheng.domain.topic import ROOT
from rencheng.messages.warning_json import Bilingual
from rencheng.text.formatting import stamp

_NOT_IN_TOPIC = re.compile(r"[\x00-\x20/+#\x7f]+")
"""Characters that a topic level may not contain, and blanks."""


class NoticeDocument(TypedDict):
    """A notice. The newest of a topic replaces the one before; `in_force: false` ends it."""

    kind: str
    topic: str
    world: str
    issued_at: str
    in_force: bool
    level: str
    urgent: bool
    site_ids: list[str]
    text: Bilingual


def notice_topic(notice: Notice) -> str:
    """Return the MQTT topic of a notice."""
    return f"{ROOT}/notice/{notice.kind}/{notice.world}/{_NOT_IN_TOPIC.sub('-', notice.topic)}"


def notice_document(notice: Notice) -> NoticeDocument:
    """Return the JSON form of a notice."""
    return {
        "kind": notice.kind.value,
        "topic": notice.topic,
        "world": notice.world,
        "issued_at": stamp(notice.at),
        "in_force": notice.in_force,
        "level": notice.level.word,
        "urgent": notice.urgent,
        "site_ids": list(notice.site_ids),
        "text": {"zh": notice.zh, "en": notice.en},
    }
