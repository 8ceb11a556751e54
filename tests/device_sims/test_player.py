import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from device_sims import recordings
from device_sims.client import BrokerAddress, SimulatedDevice
from device_sims.connected import connected
from device_sims.errors import NotAcknowledged
from device_sims.player import Player, PlayProgress, PlayResult
from device_sims.puback_tracker import PublishCounts
from device_sims.replay import ChargerReplay, FloodReplay, RecordedSeries, Replay, SignalReplay
from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading, WaterReading

if TYPE_CHECKING:
    from tests.conftest import Broker
    from tests.support.mqtt_listener import Listener

START = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)
REGION = "370102"


@dataclass
class Recorder:
    """A device that notes when it published, and acknowledges at once, late or never."""

    acknowledges: bool = True
    disconnect_reason: str | None = None

    def __post_init__(self) -> None:
        self.published: list[tuple[float, Reading]] = []

    @property
    def counts(self) -> PublishCounts:
        done = len(self.published)
        return PublishCounts(done, done, done, done) if self.acknowledges else PublishCounts(done, 0, done, 0)

    @property
    def waiting(self) -> int:
        return 0 if self.acknowledges else len(self.published)

    def publish(self, readings: Sequence[Reading]) -> None:
        self.published += [(time.monotonic(), reading) for reading in readings]

    def await_acknowledged(self, *, timeout_s: float) -> bool:
        if not self.acknowledges:
            time.sleep(timeout_s)
        return self.acknowledges


def series(name: str, *seconds: int) -> RecordedSeries:
    return RecordedSeries(
        name, tuple(WaterReading(name, 0, START + timedelta(seconds=at), depth_mm=1.0) for at in seconds)
    )


def test_no_reading_is_published_before_its_time() -> None:
    device = Recorder()
    speed = 100.0
    began = time.monotonic()
    Player([series("m", *range(0, 100, 7))], {"m": device}, speed=speed, slice_s=10).play()
    assert len(device.published) == 15
    for at, reading in device.published:
        assert at - began >= (reading.time - START).total_seconds() / speed


def test_a_slice_after_a_delay_is_not_hurried() -> None:
    slow = Recorder()
    acknowledge = slow.await_acknowledged

    def late(*, timeout_s: float) -> bool:
        if len(slow.published) == 2:
            time.sleep(0.3)
        return acknowledge(timeout_s=timeout_s)

    slow.await_acknowledged = late  # type: ignore[method-assign]
    reports: list[PlayProgress] = []
    player = Player([series("m", 0, 10, 20, 30, 40)], {"m": slow}, speed=100, slice_s=10, on_progress=reports.append)
    player.play()
    times = [at for at, _ in slow.published]
    assert all(later - earlier >= 0.0999 for earlier, later in pairwise(times))
    assert reports[0].lag_s < 0.2 < reports[-1].lag_s
    assert max(report.slice_took_s for report in reports) >= 0.3


def test_devices_keep_in_step() -> None:
    first, second = Recorder(), Recorder()
    replays = [series("a", *range(0, 60, 2)), series("b", *range(1, 60, 2))]
    Player(replays, {"a": first, "b": second}, speed=1000, slice_s=5).play()
    together = sorted(first.published + second.published, key=lambda pair: pair[0])
    times = [reading.time for _, reading in together]
    assert all(later - earlier > timedelta(seconds=-5) for earlier, later in pairwise(times))


def test_progress_runs_through_empty_slices_to_the_end() -> None:
    reports: list[PlayProgress] = []
    replays = [series("a", 0, 95)]
    played = Player(replays, {"a": Recorder()}, speed=2000, slice_s=10, on_progress=reports.append).play()
    assert [report.event_now for report in reports] == [START + timedelta(seconds=10 * n) for n in range(1, 11)]
    assert reports[-1].completed_share == 1.0
    assert played.is_complete
    assert played.total == PublishCounts(2, 2, 2, 2)


def test_a_broker_that_never_acknowledges_is_reported_with_names() -> None:
    silent = Recorder(acknowledges=False, disconnect_reason="no broker at this address")
    player = Player([series("a", 0)], {"a": silent}, speed=1000, ack_timeout_s=0.1)
    with pytest.raises(NotAcknowledged, match=r"1 devices .* 0\.1 s: a waits for 1 \(no broker at this address\)"):
        player.play()


def test_a_play_can_be_stopped_from_outside() -> None:
    player = Player([series("a", *range(1000))], {"a": Recorder()}, speed=10, slice_s=1)
    threading.Timer(0.3, player.stop).start()
    played = player.play()
    assert not played.is_complete
    assert 1 <= played.total.readings_published < 20


def test_nothing_to_play_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to play"):
        Player([], {}, speed=1)
    with pytest.raises(ValueError, match="above 0"):
        Player([series("a", 0)], {"a": Recorder()}, speed=0)


def a_city() -> list[Replay]:
    floods = [
        FloodReplay(f"monitor-{number}", flood, START + timedelta(minutes=5 * number), lead_in_s=600, lead_out_s=600)
        for number, flood in enumerate(recordings.floods(), 1)
    ]
    signals = [SignalReplay(f"signal-{it.signal_id}", it, START) for it in recordings.signals()]
    chargers = [
        ChargerReplay(f"charger-{number}", [it for it in recordings.sessions() if it.charger == number], START)
        for number in range(1, 6)
    ]
    return [*floods, *signals, *chargers]


def play_on(
    broker: "Broker",
    replays: Sequence[Replay],
    *,
    speed: float,
    on_progress: Callable[[PlayProgress], None] = lambda _: None,
) -> PlayResult:
    broker.add_accounts(*(replay.device_id for replay in replays))
    devices = [
        SimulatedDevice(replay.device_id, replay.kind, REGION, broker.passwords[replay.device_id]) for replay in replays
    ]
    with connected(devices, BrokerAddress.parse(broker.url)) as clients:
        return Player(replays, clients, speed=speed, on_progress=on_progress).play()


def readings_of(replays: Sequence[Replay]) -> set[str]:
    """Return the readings of the replays as texts, which a set can hold."""
    return {repr(reading) for replay in replays for upload in replay.uploads() for reading in upload.readings}


def readings_received(listener: "Listener") -> list[Reading]:
    readings: list[Reading] = []
    for topic, payload in listener.messages:
        _, _, _, kind, device_id, channel = topic.split("/")
        if channel == "telemetry":
            readings += CODECS["json"].decode(Kind(kind), device_id, payload)[0]
    return readings


@pytest.mark.slow
def test_a_whole_city_is_played_and_every_reading_arrives(broker: "Broker", listener: "Listener") -> None:
    replays = a_city()
    played = play_on(broker, replays, speed=4000)
    for kind in Kind:
        counts = played.by_kind[kind]
        own = [replay for replay in replays if replay.kind is kind]
        assert counts.readings_published == sum(len(upload.readings) for replay in own for upload in replay.uploads())
        assert counts.readings_acknowledged == counts.readings_published
        assert counts.messages_acknowledged == counts.messages_published
    listener.wait_until(lambda: len(readings_received(listener)) >= played.total.readings_published)
    assert set(map(repr, readings_received(listener))) == readings_of(replays)


@pytest.mark.slow
def test_a_broker_restarted_in_the_middle_loses_nothing(broker: "Broker", listener: "Listener") -> None:
    replays = a_city()

    def restart() -> None:
        broker.server.stop()
        broker.server.start()

    outage = threading.Thread(target=restart)

    def on_progress(progress: PlayProgress) -> None:
        if progress.completed_share > 0.4 and not outage.ident:
            outage.start()

    played = play_on(broker, replays, speed=4000, on_progress=on_progress)
    outage.join()
    assert played.is_complete
    assert played.total.readings_acknowledged == played.total.readings_published
    assert played.total.messages_acknowledged == played.total.messages_published
    listener.wait_until(lambda: set(map(repr, readings_received(listener))) >= readings_of(replays))
    assert set(map(repr, readings_received(listener))) == readings_of(replays)
