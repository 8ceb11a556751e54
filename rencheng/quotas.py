"""What each device may send. A device that floods is shed alone. A backlog after an outage is not a flood.

Each writer of ingest and the alert service have quotas of their own, and lose them when they end. No guarantee depends
on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rencheng.domain.device import ACTUAL, Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.timing import ALLOWED_LATENESS
from rencheng.domain.topic import Channel
from rencheng.intake import WHOLE_MESSAGE, IntakeResult, Rejection
from rencheng.refusals import RefusalAllowance, sender_of

LIVE_BURST_S = 180.0
"""How many live readings may come at once, in seconds of the quota. It exceeds ALLOWED_LATENESS, because otherwise the
readings held back during a two-minute outage would count as a flood."""

BACKLOG_RATE = 10.0
"""Backlog may come this many times faster than the quota, or a day's outage would take a day to recover from."""

BACKLOG_BURST_S = 2000.0
"""How much backlog may come at once, in seconds of the quota: at 6,000 a minute it is 200,000 readings, 23 days of a
gauge that reports every 10 s. It is large because a device without receipts cannot send shed readings again."""

PENDING_PER_MINUTE = 60_000
"""What all unregistered devices may send together. They share one quota, because a sender may invent names at will."""

RETRY_MARGIN_S = 10.0
"""A shed device is asked to wait this much longer than its debt lasts, or it would return for one reading at a time."""

FLOOD_BLOCK_READINGS, FLOOD_BLOCK_BYTES, FLOOD_BLOCK_S = 100, 2**20, 1.0
"""After this many readings or bytes of a topic are shed in one batch, its messages are dropped undecoded for this long,
because decoding is the main cost of a message."""

MINUTE_S = 60.0
_PENDING = ""
"""The name under which unregistered devices are charged."""
_TELEMETRY = f"/{Channel.TELEMETRY}"
_FORGET_ABOVE = 1000


@dataclass(slots=True)
class _Shed:
    """What was shed of one topic in one batch: the first message, and the number of readings."""

    first: IntakeResult
    readings: int = 0
    wait_s: float = 0.0
    payload_bytes: int = 0

    def add(self, readings: int, wait_s: float, payload_bytes: int) -> None:
        self.readings += readings
        self.wait_s = wait_s
        self.payload_bytes += payload_bytes

    def result(self) -> IntakeResult:
        """Return one rejection for all of it. Other faults of these messages are not reported."""
        detail = f"beyond the device's quota; send again after {self.wait_s:.0f} s"
        rejection = Rejection(
            WHOLE_MESSAGE, RejectionReason.QUOTA, detail, readings=self.readings, retry_after_s=self.wait_s
        )
        return replace(self.first, readings=(), rejections=(rejection,))


class Quotas:
    """Quotas by the generic cell rate algorithm (ITU-T I.371, annex A).

    Each device has two debts, for live readings and for backlog. A debt is kept as the time at which it is paid. A
    message passes while the debt is within the burst, and is added to it whole: a long array passes once, and later
    messages wait. An exercise may run at any speed, so all its readings count as backlog.

    Args:
        per_minute: how many readings a device may send in a minute if its profile sets no quota.
    """

    def __init__(self, *, per_minute: int) -> None:
        self._cost_s = MINUTE_S / per_minute
        self._pending_cost_s = MINUTE_S / PENDING_PER_MINUTE
        self._live_paid_at: dict[str, float] = {}
        self._backlog_paid_at: dict[str, float] = {}
        self._blocked_until: dict[str, tuple[float, IntakeResult]] = {}
        self._undecoded: dict[str, _Shed] = {}
        self.refusals = RefusalAllowance()

    def drop_flooding(self, messages: Sequence[ReceivedMessage], *, now_s: float) -> Sequence[ReceivedMessage]:
        """Return the messages without those of blocked topics, which are shed undecoded and count one reading each.

        The next result of `enforce` reports them.
        """
        self._blocked_until = {topic: block for topic, block in self._blocked_until.items() if block[0] > now_s}
        if not self._blocked_until:
            return messages
        passed: list[ReceivedMessage] = []
        for message in messages:
            if (block := self._blocked_until.get(message.topic)) is None:
                passed.append(message)
                continue
            if message.topic not in self._undecoded:
                self._undecoded[message.topic] = _Shed(replace(block[1], message=message))
            self._undecoded[message.topic].add(1, block[0] - now_s, len(message.payload))
        return passed

    def enforce(
        self, batch: list[IntakeResult], directory: Mapping[str, Device], *, now: datetime, now_s: float
    ) -> list[IntakeResult]:
        """Return the batch without the messages beyond their sender's quota, and one rejection a topic for these.

        Args:
            batch: messages in the order of arrival.
            directory: the registry.
            now: the wall clock, UTC; it decides which readings are live.
            now_s: a monotonic clock, seconds.
        """
        live_from, find = now - ALLOWED_LATENESS, directory.get
        kept: list[IntakeResult] = []
        shed: dict[str, _Shed] = {}
        undecoded, self._undecoded = self._undecoded, {}
        for one in batch:
            readings = one.readings
            count = one.count if one.rejections else len(readings)
            if not count:  # a state; it takes one row a device, however often it is sent
                kept.append(one)
                continue
            if len(readings) == count == 1 and one.world == ACTUAL:  # nearly all messages
                live = 1 if readings[0].time > live_from else 0
            else:
                live = _live_readings(one, live_from)
            wait_s, topic = self._charge(find(one.device_id or _PENDING), live, count - live, now_s), one.message.topic
            if not wait_s and one.rejections:
                sender = sender_of(one, directory)
                if wait_s := self.refusals.charge(sender, one, now_s):
                    topic = self.refusals.topic(sender, topic, now)
            if not wait_s:
                kept.append(one)
                continue
            if topic not in shed:
                shed[topic] = _Shed(replace(one, message=replace(one.message, topic=topic)))
            shed[topic].add(count, wait_s, len(one.message.payload))
        self._forget_removed(directory)
        self._block(shed, now_s)
        return [*kept, *(one.result() for one in (*undecoded.values(), *shed.values()))]

    def _charge(self, device: Device | None, live: int, backlog: int, now_s: float) -> float:
        """Add readings to a sender's debts and return 0; or return the seconds to wait if a debt exceeds its burst."""
        if device is None:
            name, cost_s = _PENDING, self._pending_cost_s
        else:
            quota = device.quota_per_minute
            name, cost_s = device.device_id, self._cost_s if quota is None else MINUTE_S / quota
        live_debt = self._live_paid_at.get(name, now_s) if live else now_s
        backlog_debt = self._backlog_paid_at.get(name, now_s) if backlog else now_s
        live_until, backlog_until = now_s + LIVE_BURST_S, now_s + BACKLOG_BURST_S
        if live_debt > live_until or backlog_debt > backlog_until:
            return max(live_debt - live_until, backlog_debt - backlog_until) + RETRY_MARGIN_S
        if live:
            self._live_paid_at[name] = max(now_s, live_debt) + live * cost_s
        if backlog:
            self._backlog_paid_at[name] = max(now_s, backlog_debt) + backlog * cost_s / BACKLOG_RATE
        return 0.0

    def _block(self, shed: Mapping[str, _Shed], now_s: float) -> None:
        """Block the topics that flooded in this batch."""
        for topic, one in shed.items():
            is_flood = one.readings >= FLOOD_BLOCK_READINGS or one.payload_bytes >= FLOOD_BLOCK_BYTES
            if is_flood and topic.endswith(_TELEMETRY):
                self._blocked_until[topic] = (now_s + FLOOD_BLOCK_S, one.first)

    def _forget_removed(self, directory: Mapping[str, Device]) -> None:
        """Drop the debts of devices that the registry no longer has, once there are many."""
        for debts in (self._live_paid_at, self._backlog_paid_at):
            if len(debts) > len(directory) + _FORGET_ABOVE:
                for name in debts.keys() - directory.keys() - {_PENDING}:
                    del debts[name]


def _live_readings(result: IntakeResult, live_from: datetime) -> int:
    """Return how many of a message's readings are live. A reading that could not be decoded counts as live."""
    if result.world != ACTUAL:
        return 0
    undecoded = result.count - len(result.readings)
    return undecoded + sum(reading.time > live_from for reading in result.readings)
