"""A dispatch: one message for one contact method, and its states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from rencheng.domain.level import Level

NAMESPACE = UUID("5b0e7a54-6f5f-5d0b-9c3a-2f8f6f1f6b58")
"""The namespace of dispatch ids."""

SYNTHETIC_WORLD = "rencheng-synthetic"
"""The world of messages to the platform itself. Nobody can register a world of this name."""


class ContactKind(StrEnum):
    """The protocol of a contact method."""

    WEBHOOK = "webhook"
    MQTT = "mqtt"
    MAIL = "mail"
    SMS = "sms"
    VOICE = "voice"
    WECOM_BOT = "wecom_bot"
    DINGTALK_BOT = "dingtalk_bot"
    FEISHU_BOT = "feishu_bot"


KNOWS_REPETITION = frozenset({ContactKind.WEBHOOK, ContactKind.MQTT})
"""Receivers that detect a repetition by its id, so that a message in doubt may be sent again."""


class DeliveryMode(StrEnum):
    """What a contact method gets of one warning."""

    LATEST = "latest"
    """The newest message; older ones that were not sent are struck. For people."""
    EVERY = "every"
    """Every message in order. For systems."""


class DispatchSource(StrEnum):
    """The kind of thing that a dispatch is about."""

    EVENT = "event"
    NOTICE = "notice"
    CALL = "call"
    TASK = "task"
    COMMAND = "command"
    TEST = "test"
    SELF = "self"


class DispatchState(StrEnum):
    """The state of a dispatch."""

    DUE = "due"
    LEASED = "leased"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    DOUBTFUL = "doubtful"
    """It may have arrived: neither sent nor unsent."""
    FAILED = "failed"
    OVERTAKEN = "overtaken"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


MAYBE_RANK, SENT_RANK, DELIVERED_RANK, READ_RANK = 1, 2, 3, 4
"""How certain it is that a message arrived. A rank only rises."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a dispatch that is no warning or notice says."""

    zh: str
    en: str
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DispatchIntent:
    """A message that shall be sent. An intent with the same method, source, purpose and round is the same one.

    Attributes:
        source_id: what it is about, such as the identifier of a warning message or of a call.
        purpose: what it is for, such as `warning` or `call`.
        line: messages of one line are sent in order, one at a time; mostly the id of the warning.
        sequence: the place in the line.
        expires_at: after this it is not sent any more.
        is_end: it ends the line: sent only to methods that may have received an earlier message of it.
        content: the text; None for a warning message, which `event_id` names.
    """

    method_id: int
    world: str
    source: DispatchSource
    source_id: str
    purpose: str
    level: Level
    line: str
    sequence: int
    due_at: datetime
    expires_at: datetime
    round: int = 1
    warning_id: str | None = None
    event_id: int | None = None
    is_end: bool = False
    content: Content | None = None

    @property
    def dispatch_id(self) -> UUID:
        """The id, the same for every repetition, also after a restart or in a restored database."""
        key = f"{self.world}/{self.method_id}/{self.source}/{self.source_id}/{self.purpose}/{self.round}"
        return uuid5(NAMESPACE, key)
