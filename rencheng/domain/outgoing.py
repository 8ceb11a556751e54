"""Messages on their way out: a rendered warning, and what is published of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rencheng.domain.warning import WarningMessage


@dataclass(frozen=True, slots=True)
class RenderedWarning:
    """A warning message with its JSON and CAP forms and its MQTT topic.

    Attributes:
        suppressed_by: why it is not delivered now: a `SuppressionReason`, or the name of a silence or maintenance;
            None if it is delivered.
        trace_id: the trace of the reading that it follows from; empty if there is none.
    """

    message: WarningMessage
    document: Mapping[str, object]
    cap_xml: str
    topic: str
    suppressed_by: str | None = None
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A document that is retained on an MQTT topic.

    Attributes:
        due_since: when it became due; its delivery is timed from then.
        site_id: the site of a warning; empty for a notice.
    """

    identifier: str
    topic: str
    document: Mapping[str, object]
    due_since: datetime
    site_id: str = ""
    trace_id: str = ""
