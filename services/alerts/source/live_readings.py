"""From messages to live readings, within each device's quota. A device that floods is evaluated to its newest."""

import time
from collections.abc import Callable, Mapping, Sequence

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.reading import WaterReading
from rencheng.intake import IntakeResult, admit
from rencheng.quotas import Quotas
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from services.alerts import metrics
from services.alerts.isolation import isolated
from services.alerts.source.catch_up import TimedReading

log = get_logger("alerts")

LOG_EVERY_S = 600.0
"""How often one device that floods is logged."""

_LOGGED_MAX = 1000

NEWEST_EVERY_S = 0.5
"""How often the newest readings of devices beyond their quota are evaluated."""

_Gauge = tuple[str, int]


class LiveReadings:
    """The readings of live messages, by the same quotas as ingest's, which sheds what this service sheds.

    Args:
        quotas: what each device may send.
        limits: the same clock limits as ingest's.
        clock: the wall clock.
        monotonic_s: a clock for quotas, seconds.
    """

    def __init__(
        self,
        quotas: Quotas,
        limits: ClockLimits,
        clock: Clock = SYSTEM_CLOCK,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quotas = quotas
        self._limits = limits
        self._clock = clock
        self._monotonic_s = monotonic_s
        self._logged_s: dict[str, float] = {}
        self._newest: dict[_Gauge, TimedReading] = {}
        self._newest_due_s = 0.0

    def read(self, messages: Sequence[ReceivedMessage], directory: Mapping[str, Device]) -> list[TimedReading]:
        """Return the readings to evaluate, in the order of arrival; of a device beyond its quota, the newest."""
        now_s = self._monotonic_s()
        passed = self._quotas.drop_flooding(messages, now_s=now_s)
        batch = self._admitted(passed, directory)
        within = self._quotas.enforce(batch, directory, now=self._clock.now(), now_s=now_s)
        kept = {id(one) for one in within}
        beyond = [one for one in batch if id(one) not in kept]
        if len(passed) < len(messages):
            beyond += self._admitted(_newest_of_dropped(messages, passed), directory)
        live = [item for one in within for item in _water_readings(one)]
        if beyond:
            self._keep_newest(beyond)
            self._report(within, now_s)
        return [*live, *self._due_newest(now_s)]

    def _admitted(self, messages: Sequence[ReceivedMessage], directory: Mapping[str, Device]) -> list[IntakeResult]:
        found: list[IntakeResult] = []
        for message in messages:
            with isolated("message", topic=message.topic):
                found.append(admit(message, directory, self._limits))
        return found

    def _keep_newest(self, results: Sequence[IntakeResult]) -> None:
        """Keep the newest reading of each gauge until it is due."""
        for item in (item for one in results for item in _water_readings(one)):
            key = (item[0].device_id, item[0].channel)
            if key not in self._newest or item[0].time >= self._newest[key][0].time:
                self._newest[key] = item

    def _due_newest(self, now_s: float) -> list[TimedReading]:
        if not self._newest or now_s < self._newest_due_s:
            return []
        found, self._newest = list(self._newest.values()), {}
        self._newest_due_s = now_s + NEWEST_EVERY_S
        return found

    def _report(self, within: Sequence[IntakeResult], now_s: float) -> None:
        """Count what was shed, and log each device now and then."""
        for one in within:
            shed = [each for each in one.rejections if each.reason is RejectionReason.QUOTA]
            if not shed:
                continue
            metrics.count_shed_readings(sum(each.readings for each in shed))
            device = one.device_id or ""
            if now_s - self._logged_s.get(device, -LOG_EVERY_S) >= LOG_EVERY_S:
                log.warning("device floods; its newest readings are evaluated", device=device)
                self._logged_s = {device: now_s} if len(self._logged_s) > _LOGGED_MAX else self._logged_s
                self._logged_s[device] = now_s


def _newest_of_dropped(messages: Sequence[ReceivedMessage], passed: Sequence[ReceivedMessage]) -> list[ReceivedMessage]:
    """Return the last message of each topic whose messages were dropped undecoded."""
    kept = {id(one) for one in passed}
    return list({one.topic: one for one in messages if id(one) not in kept}.values())


def _water_readings(result: IntakeResult) -> list[TimedReading]:
    at = result.message.received_at
    return [(reading, at) for reading in result.readings if isinstance(reading, WaterReading)]
