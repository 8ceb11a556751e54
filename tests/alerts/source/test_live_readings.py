"""Live messages within each device's quota: a device beyond it is evaluated to the newest reading of each gauge."""

import json
from datetime import UTC, datetime, timedelta

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.quotas import Quotas
from services.alerts.source.catch_up import TimedReading
from services.alerts.source.live_readings import NEWEST_EVERY_S, LiveReadings
from tests.support.alert_database import REGION

PER_MINUTE = 60
BURST = 180 + 1
DIRECTORY = {name: Device(name, Kind.WATERLOGGING, REGION) for name in ("mad", "calm")}


class Play:
    """Messages at a time that the test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        quotas = Quotas(per_minute=PER_MINUTE)
        self._readings = LiveReadings(quotas, ClockLimits(), monotonic_s=lambda: self.now_s)

    def read(self, *messages: ReceivedMessage) -> list[TimedReading]:
        return self._readings.read(messages, DIRECTORY)


def message(device: str, *depths: float, channel: int = 0) -> ReceivedMessage:
    now = datetime.now(UTC)
    bodies = [
        {"time": (now + timedelta(milliseconds=number)).isoformat(), "depth_mm": depth, "channel": channel}
        for number, depth in enumerate(depths)
    ]
    return ReceivedMessage(f"rencheng/v1/{REGION}/waterlogging/{device}/telemetry", json.dumps(bodies).encode(), now)


def depths(found: list[TimedReading], device: str) -> list[float | None]:
    return [reading.depth_mm for reading, _ in found if reading.device_id == device]


def test_beyond_its_quota_the_newest_reading_of_a_device_is_evaluated_and_others_are_not_touched() -> None:
    play = Play()
    flood = [message("mad", float(number)) for number in range(300)]
    found = play.read(*flood, message("calm", 5.0))

    assert depths(found, "calm") == [5.0]
    assert depths(found, "mad")[:BURST] == [float(number) for number in range(BURST)]
    assert depths(found, "mad")[BURST:] == [299.0]


def test_while_it_floods_the_newest_is_evaluated_at_intervals_and_the_last_when_it_stops() -> None:
    play = Play()
    play.read(*[message("mad", 1.0) for _ in range(400)])
    play.now_s += NEWEST_EVERY_S / 5
    assert play.read(*[message("mad", 2.0) for _ in range(150)]) == []
    play.now_s += NEWEST_EVERY_S
    assert depths(play.read(*[message("mad", float(number)) for number in range(150)]), "mad") == [149.0]
    play.now_s += NEWEST_EVERY_S / 5
    assert play.read(message("mad", 777.0)) == []
    play.now_s += NEWEST_EVERY_S
    assert depths(play.read(), "mad") == [777.0]


def test_each_gauge_of_a_device_has_its_newest() -> None:
    play = Play()
    play.read(message("mad", *[1.0] * 400))
    play.now_s += NEWEST_EVERY_S
    found = play.read(message("mad", 2.0, 3.0, channel=1), message("mad", 4.0), message("mad", 5.0, channel=2))

    assert sorted(depths(found, "mad"), key=lambda depth: depth or 0) == [3.0, 4.0, 5.0]


def test_a_message_that_cannot_be_read_takes_no_other_along() -> None:
    play = Play()
    broken = ReceivedMessage(f"rencheng/v1/{REGION}/waterlogging/mad/telemetry", b"{", datetime.now(UTC))

    assert depths(play.read(broken, message("calm", 5.0)), "calm") == [5.0]
