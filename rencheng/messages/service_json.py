"""The state of a service as JSON, and the MQTT topic on which it is retained."""

from datetime import datetime

from typing_extensions import TypedDict  # as for the warning's document

from rencheng.domain.heartbeat import Part, PartCondition
from rencheng.domain.topic import ROOT
from rencheng.messages.warning_json import Bilingual
from rencheng.text.formatting import stamp
from rencheng.text.parts import part_text


class ServiceDocument(TypedDict):
    """The state of a service: `ok`, `behind` or `down`. The last will has the state `down` and no times."""

    service: str
    state: str
    reason: str | None
    at: str | None
    evaluated_through: str | None
    undelivered: int | None
    text: Bilingual


def service_topic(part: Part) -> str:
    """Return the MQTT topic of a service's state."""
    return f"{ROOT}/service/{part}"


def service_document(
    condition: PartCondition,
    *,
    at: datetime | None = None,
    evaluated_through: datetime | None = None,
    undelivered: int | None = None,
) -> ServiceDocument:
    """Return the JSON form of a service's state."""
    zh, en = part_text(condition)
    return {
        "service": condition.part.value,
        "state": condition.state.value,
        "reason": None if condition.reason is None else condition.reason.value,
        "at": stamp(at) if at else None,
        "evaluated_through": stamp(evaluated_through) if evaluated_through else None,
        "undelivered": undelivered,
        "text": {"zh": zh, "en": en},
    }
