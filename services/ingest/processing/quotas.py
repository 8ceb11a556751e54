"""What each device may send. One that floods is shed, alone; a backlog after an outage is not a flood.

This is ingest's only state by device. A worker has its own, and loses it when it ends: no promise hangs on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rencheng.domain.device import ACTUAL, Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.topic import Channel
from rencheng.intake import WHOLE_MESSAGE, InboundPayload, IntakeResult, Rejection

LIVE = timedelta(seconds=120)
"""A reading older than this is backlog: it is late, and raises no warning."""

LIVE_BURST_S = 180.0
"""How much may come at once, in seconds of the quota. More than `LIVE`, or two minutes' outage would be a flood."""

BACKLOG_RATE = 10.0
"""Backlog may come so many times faster than the quota, or a day's outage would take a day to make good."""

BACKLOG_BURST_S = 2000.0
"""How much backlog may come at once, in seconds of the quota: at 6,000 a minute it is 200,000 readings, 23 days of a
gauge that reports every 10 s. It is wide because a device without receipts cannot send again what was shed."""

PENDING_PER_MINUTE = 60_000
"""What all devices may send together that nobody registered. None of them has an account of its own: names are free."""

PAUSE_S = 10.0
"""Who is shed is asked to wait so long beyond its debt, or it would come back for one reading at a time."""

DOOR_SHED, DOOR_S = 100, 1.0
"""Of whom so many readings were shed at once, nothing is read for so long: it costs most of what a message costs."""

MINUTE_S = 60.0
_PENDING = ""
_TELEMETRY = f"/{Channel.TELEMETRY}"
_GONE_MAX = 1000


@dataclass(slots=True)
class _Shed:
    """What was shed of one topic in one batch: the first message, and how many readings in all."""

    first: IntakeResult
    readings: int = 0
    wait_s: float = 0.0

    def add(self, readings: int, wait_s: float) -> None:
        self.readings += readings
        self.wait_s = wait_s

    def rejection(self) -> IntakeResult:
        """As one refusal. Other faults are not told: who floods is not written a letter about each."""
        detail = f"beyond the device's quota, which has room again in {self.wait_s:.0f} s"
        refusal = Rejection(
            WHOLE_MESSAGE, RejectionReason.QUOTA, detail, readings=self.readings, retry_after_s=self.wait_s
        )
        return replace(self.first, readings=(), rejections=(refusal,))


class Quotas:
    """Judges batch after batch, by the generic cell rate algorithm (ITU-T I.371, annex A).

    Each device has two debts, for live readings and for backlog, each kept as one number: the moment at which it is
    paid. A message passes while the debt is within the burst, and is added to it whole: a long array passes, once, and
    is paid for afterwards. An exercise may run at any speed, so all its readings count as backlog.

    Args:
        per_minute: how many readings a device may send in a minute whose profile names no quota.
    """

    def __init__(self, *, per_minute: int) -> None:
        self._cost_s = MINUTE_S / per_minute
        self._pending_cost_s = MINUTE_S / PENDING_PER_MINUTE
        self._live_paid_at: dict[str, float] = {}
        self._backlog_paid_at: dict[str, float] = {}
        self._blocked_until: dict[str, tuple[float, IntakeResult]] = {}
        self._unread: dict[str, _Shed] = {}

    def drop_flooding(self, messages: Sequence[InboundPayload], *, now_s: float) -> Sequence[InboundPayload]:
        """The messages without those of topics that flood: these are shed unread, and each counts one.

        They stand in what `apply` returns next.
        """
        self._blocked_until = {topic: flood for topic, flood in self._blocked_until.items() if flood[0] > now_s}
        if not self._blocked_until:
            return messages
        readable: list[InboundPayload] = []
        for message in messages:
            if (flood := self._blocked_until.get(message.topic)) is None:
                readable.append(message)
                continue
            if message.topic not in self._unread:
                self._unread[message.topic] = _Shed(replace(flood[1], message=message))
            self._unread[message.topic].add(1, flood[0] - now_s)
        return readable

    def enforce(
        self, batch: list[IntakeResult], directory: Mapping[str, Device], *, now: datetime, now_s: float
    ) -> list[IntakeResult]:
        """The batch without what is beyond its sender's quota; that stands at its end, as one refusal a topic.

        Args:
            batch: messages in the order of arrival.
            directory: the registry.
            now: the wall clock, UTC; what is live is judged by it.
            now_s: a clock that only goes forward, seconds.
        """
        live_from, find = now - LIVE, directory.get
        live_debts, backlog_debts = self._live_paid_at, self._backlog_paid_at
        live_until, backlog_until = now_s + LIVE_BURST_S, now_s + BACKLOG_BURST_S
        kept: list[IntakeResult] = []
        shed: dict[str, _Shed] = {}
        unread, self._unread = self._unread, {}
        for admitted in batch:  # every message passes: no calls, no objects on the usual way
            readings = admitted.readings
            count = admitted.count if admitted.rejections else len(readings)
            if not count:  # a state: one row a device, however often it is told
                kept.append(admitted)
                continue
            device = find(admitted.device_id or _PENDING)
            name, cost_s = (_PENDING, self._pending_cost_s) if device is None else (device.device_id, self._cost_s)
            if device is not None and device.quota_per_minute is not None:
                cost_s = MINUTE_S / device.quota_per_minute
            if len(readings) == count == 1 and admitted.world == ACTUAL:
                live = 1 if readings[0].time > live_from else 0
            else:
                live = _live_readings(admitted, live_from)
            live_debt = live_debts.get(name, now_s) if live else now_s
            backlog_debt = backlog_debts.get(name, now_s) if live != count else now_s
            if live_debt > live_until or backlog_debt > backlog_until:
                wait_s = max(live_debt - live_until, backlog_debt - backlog_until) + PAUSE_S
                if (topic := admitted.message.topic) not in shed:
                    shed[topic] = _Shed(admitted)
                shed[topic].add(count, wait_s)
                continue
            kept.append(admitted)
            if live:
                live_debts[name] = max(now_s, live_debt) + live * cost_s
            if live != count:
                backlog_debts[name] = max(now_s, backlog_debt) + (count - live) * cost_s / BACKLOG_RATE
        self._forget_who_is_gone(directory)
        self._watch(shed, now_s)
        return [*kept, *(one.rejection() for one in (*unread.values(), *shed.values()))]

    def _watch(self, shed: Mapping[str, _Shed], now_s: float) -> None:
        """Of which topics the next messages are not read."""
        for topic, one in shed.items():
            if one.readings >= DOOR_SHED and topic.endswith(_TELEMETRY):
                self._blocked_until[topic] = (now_s + DOOR_S, one.first)

    def _forget_who_is_gone(self, directory: Mapping[str, Device]) -> None:
        for debts in (self._live_paid_at, self._backlog_paid_at):
            if len(debts) > len(directory) + _GONE_MAX:
                for name in debts.keys() - directory.keys() - {_PENDING}:
                    del debts[name]


def _live_readings(admitted: IntakeResult, live_from: datetime) -> int:
    """How many of a message's readings are live. What could not be read is."""
    if admitted.world != ACTUAL:
        return 0
    unread = admitted.count - len(admitted.readings)
    return unread + sum(reading.time > live_from for reading in admitted.readings)
