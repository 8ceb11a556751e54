"""What leaves while the database is away: red warnings, from memory, to the contact methods of the spare list."""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import ContactKind, DispatchIntent
from rencheng.response.delivery.outbound import OutboundItem, OutboundMessage
from rencheng.response.delivery.subscription import DecidedEvent, SubscribedMethod, event_intents

OVERLAP = timedelta(seconds=5)
"""What was received this long before the database last answered may have no dispatch yet. Proposal: a look of the
service takes at most a second."""

RECENT_MAX = 10_000
"""Messages in memory. Source: ten times the storm of bar 1 of issue 14; each has a few kilobytes."""


@dataclass(frozen=True, slots=True)
class SpareMethod:
    """A contact method of the spare list, with all that sending needs.

    Attributes:
        address: decrypted; never logged.
    """

    subscription: SubscribedMethod
    kind: ContactKind
    address: str
    secrets: tuple[str, ...]
    language: str
    cap: str
    template: str | None


@dataclass(frozen=True, slots=True)
class RedMessage:
    """A message of a warning that is or was red, as it was published on MQTT."""

    event: DecidedEvent
    document: dict[str, Any]
    issued_at: datetime
    received_at: datetime


@dataclass(slots=True)
class _Progress:
    sequence: int
    level: Level
    peak: Level


class RedMemory:
    """Follows the warnings on MQTT, and keeps the latest messages by which one became red, fell from red, or ended.

    Args:
        began_at: messages issued before are known, and never kept: the broker repeats them at a start.
    """

    def __init__(self, began_at: datetime) -> None:
        self._began_at = began_at
        self._progress: dict[str, _Progress] = {}
        self._recent: deque[RedMessage] = deque(maxlen=RECENT_MAX)

    def receive(self, payload: bytes, at: datetime) -> None:
        """Note a message of a warning. What is no such message, or a repetition, changes nothing."""
        try:
            document = json.loads(payload)
            event, issued_at = _event(document), datetime.fromisoformat(document["issued_at"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        before = self._progress.get(event.warning_id, _Progress(0, Level.NONE, Level.NONE))
        if event.sequence <= before.sequence or issued_at.tzinfo is None:
            return
        peak = max(before.peak, event.level)
        event = replace(event, known_level=before.level, peak_level=peak)
        self._progress[event.warning_id] = _Progress(event.sequence, event.level, peak)
        if event.is_end:
            del self._progress[event.warning_id]
        is_change = event.is_end or event.level is not before.level
        if peak is Level.RED and is_change and issued_at >= self._began_at:
            self._recent.append(RedMessage(event, document, issued_at, at))

    def since(self, at: datetime) -> list[RedMessage]:
        """Return the messages that were received after a time, in order, and forget those before it."""
        while self._recent and self._recent[0].received_at < at:
            self._recent.popleft()
        return list(self._recent)


def spare_dispatches(
    message: RedMessage, methods: Sequence[SpareMethod], now: datetime
) -> list[tuple[SpareMethod, DispatchIntent]]:
    """Return the dispatches of a message: the same ones, with the same ids, that the ledger makes of it later."""
    by_id = {one.subscription.method_id: one for one in methods}
    intents = event_intents(message.event, [one.subscription for one in methods], now)
    return [(by_id[intent.method_id], intent) for intent in intents]


def spare_outbound(
    message: RedMessage, method: SpareMethod, intent: DispatchIntent, *, rank: int, now: datetime, public_url: str
) -> OutboundMessage:
    """Return what a channel sends. Without the database there is no CAP form, so a webhook has a link to it."""
    event = message.event
    item = OutboundItem(
        intent.dispatch_id,
        intent.source,
        intent.purpose,
        event.world,
        event.level,
        event.is_end,
        rank,
        message.issued_at,
        message.document,
    )
    return OutboundMessage(
        intent.method_id,
        method.kind,
        method.address,
        method.secrets,
        method.subscription.worlds,
        (item,),
        now,
        method.language,
        "none" if method.cap == "none" else "link",
        method.template,
        public_url,
    )


def _event(document: dict[str, Any]) -> DecidedEvent:
    site, level = document["site"], Level.parse(document["level"])
    return DecidedEvent(
        event_id=0,
        identifier=str(document["identifier"]),
        warning_id=str(document["warning_id"]),
        sequence=int(document["sequence"]),
        world=str(document["world"]),
        region=str(site["region"]),
        site_type=str(site["type"]),
        site_id=str(site["id"]),
        level=level,
        known_level=Level.NONE,
        peak_level=level,
        is_end=not document["in_force"],
    )
