"""A notice as JSON, and the MQTT topic on which it is retained."""

import re

from typing_extensions import TypedDict  # as for the warning's document

from rencheng.domain.doubt import DoubtOutcome
from rencheng.domain.level import WarningLevelWord
from rencheng.domain.notice import DoubtContent, Notice
from rencheng.domain.topic import ROOT
from rencheng.messages.warning_json import Bilingual
from rencheng.text.formatting import stamp

_NOT_IN_TOPIC = re.compile(r"[\x00-\x20/+#\x7f]+")
"""Characters that a topic level may not contain, and blanks."""


class DoubtDocument(TypedDict):
    """The content of a notice of doubt. `outcome` is null while the doubt lasts."""

    doubt_id: str
    identifier: str
    sequence: int
    level: WarningLevelWord
    certainty: str
    device_id: str
    gauge_depth_mm: float
    depth_mm: float
    threshold_mm: float
    verify_by: str
    outcome: DoubtOutcome | None
    settled_by: str


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
    doubt: DoubtDocument | None


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
        "doubt": doubt_document(notice.doubt) if notice.doubt else None,
    }


def doubt_document(doubt: DoubtContent) -> DoubtDocument:
    """Return the JSON form of the content of a notice of doubt."""
    report = doubt.report
    return {
        "doubt_id": report.doubt_id,
        "identifier": report.identifier,
        "sequence": report.sequence,
        "level": doubt.level.warning_word,
        "certainty": doubt.certainty,
        "device_id": report.device_id,
        "gauge_depth_mm": report.gauge_depth_mm,
        "depth_mm": report.depth_mm,
        "threshold_mm": report.threshold_mm,
        "verify_by": doubt.verify_by,
        "outcome": report.outcome,
        "settled_by": report.settled_by,
    }
