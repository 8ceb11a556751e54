"""Suppression in the service: a suppressed warning is recorded, not delivered, and delivered when it may be."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.store.warnings.mutes import add_mute, end_mute
from rencheng.store.warnings.sent import sent_of_open_warnings
from services.alerts.outbox.notices import NoticeOutbox
from services.alerts.outbox.outbox import Outbox
from services.alerts.outbox.relay import Relay
from services.alerts.outbox.sink import MqttSink
from services.alerts.suppression.service import TICK_EVERY_S, Suppressor
from services.alerts.world_clocks import WorldClocks
from tests.alerts.conftest import MakeGauge
from tests.support.alert_database import quick_site, register_sites, rows
from tests.support.broker_session import ScriptedSession
from tests.support.cap_messages import PUBLISHER
from tests.support.clock import ManualClock
from tests.support.mqtt_clients import Dispatch
from tests.support.outage import database_away
from tests.support.polling import eventually
from tests.support.rising_water import RisingWater
from tests.support.services import SubscribingService


class SuppressedDelivery:
    """Rising water, suppressor, outbox and relay, as the service joins them."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.clock, self.water, self.session = ManualClock(datetime.now(UTC)), RisingWater(1, 2), ScriptedSession()
        self.suppressor = self.new_suppressor()
        self.outbox = Outbox(database, self.clock)
        notices = NoticeOutbox(database, self.clock)
        self.relay = Relay(database, MqttSink(self.session, self.clock), self.outbox, notices, self.clock)

    def new_suppressor(self) -> Suppressor:
        suppressor = Suppressor(WorldClocks(self.clock), PUBLISHER, self.clock)
        suppressor.set_sites(self.water.evaluator.sites)
        return suppressor

    def silence(self, up_to: Level, minutes: float) -> None:
        now = self.clock.now()
        begins, ends = now - timedelta(days=1), now + timedelta(minutes=minutes)
        self.suppressor.set_mutes([Silence("silence-1", MuteScope(site_id="S1"), up_to, begins, ends, "test")])

    def rise(self, minute: float, depth_mm: float) -> None:
        warning, records = self.water.rise(1, minute, depth_mm)
        self.outbox.add(self.suppressor.suppress(warning))
        self.outbox.release(self.suppressor.take_released())
        self.outbox.record(records)
        self.relay.relay()

    def turn(self) -> None:
        self.clock.advance(2 * TICK_EVERY_S)
        self.suppressor.tick()
        self.outbox.release(self.suppressor.take_released())
        self.outbox.record({})
        self.relay.relay()


@pytest.fixture
def delivery(database: Engine) -> SuppressedDelivery:
    register_sites(database, quick_site(1), quick_site(2))
    delivery = SuppressedDelivery(database)
    delivery.turn()
    return delivery


def suppressed(database: Engine) -> list[tuple[int, str | None]]:
    query = "SELECT sequence, suppressed_by FROM deliveries JOIN warning_events USING (event_id) ORDER BY event_id"
    return [(row[0], row[1]) for row in rows(database, query)]


def test_a_suppressed_warning_is_recorded_and_delivered_when_the_silence_ends(delivery: SuppressedDelivery) -> None:
    delivery.silence(Level.RED, 5)
    delivery.rise(0, 60)
    assert suppressed(delivery.database) == [(1, "silence-1")]
    assert delivery.session.topics() == []
    delivery.silence(Level.RED, -1)
    delivery.turn()
    delivery.turn()

    assert delivery.session.topics() == ["S1"]
    assert suppressed(delivery.database) == [(1, None)]


def test_a_rise_above_a_silence_is_delivered_at_once(delivery: SuppressedDelivery) -> None:
    delivery.silence(Level.BLUE, 5)
    delivery.rise(0, 60)
    delivery.rise(1, 160)

    assert delivery.session.topics() == ["S1"]
    assert suppressed(delivery.database) == [(1, "silence-1"), (2, None)]


def test_a_warning_that_is_released_goes_before_a_newer_one_of_its_site(
    delivery: SuppressedDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery.silence(Level.RED, 5)
    delivery.rise(0, 60)
    delivery.silence(Level.RED, -1)
    delivery.suppressor.tick()
    delivery.clock.advance(2 * TICK_EVERY_S)
    with database_away(delivery.database, monkeypatch):
        delivery.suppressor.tick()
        delivery.outbox.release(delivery.suppressor.take_released())
        delivery.rise(1, 160)

    assert [document["sequence"] for _, document in delivery.session.published] == [1, 2]


def test_in_an_outage_a_suppressed_warning_waits_and_a_released_one_is_delivered_unrecorded(
    delivery: SuppressedDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery.silence(Level.RED, 5)
    with database_away(delivery.database, monkeypatch):
        delivery.rise(0, 60)
        assert delivery.session.topics() == []
        delivery.silence(Level.RED, -1)
        delivery.turn()
        assert delivery.session.topics() == ["S1"]
    delivery.turn()
    delivery.turn()

    assert delivery.session.topics() == ["S1"]
    assert suppressed(delivery.database) == [(1, None)]
    assert rows(delivery.database, "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL") == [(0,)]


def test_a_service_that_restarts_knows_what_it_suppressed(delivery: SuppressedDelivery) -> None:
    delivery.silence(Level.RED, 5)
    delivery.rise(0, 60)
    delivery.suppressor = delivery.new_suppressor()
    with delivery.database.connect() as connection:
        delivery.suppressor.restore(sent_of_open_warnings(connection), [], [])
    delivery.turn()

    assert delivery.session.topics() == ["S1"]
    assert delivery.suppressor.policy.delivery_of("S1").sent is Level.BLUE


def test_if_the_policy_fails_the_warning_is_delivered(
    delivery: SuppressedDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a site that is not there")

    monkeypatch.setattr(delivery.suppressor.policy, "decide", fail)
    delivery.rise(0, 60)

    assert delivery.session.topics() == ["S1"]


def test_a_silence_in_the_database_mutes_a_running_service(
    alerts: SubscribingService, database: Engine, gauge: MakeGauge, dispatch: Dispatch
) -> None:
    register_sites(database, quick_site(1), quick_site(2))
    now = datetime.now(UTC)
    silence = Silence("", MuteScope(site_id="S1"), Level.RED, now, now + timedelta(hours=1), "pump test")
    with database.begin() as connection:
        name = add_mute(connection, silence, "a test")
    one, two = gauge("G1"), gauge("G2")
    alerts.start()
    one.send(300)
    two.send(300)
    eventually(lambda: dispatch.types("S2"), ["Alert"])
    eventually(lambda: {why for _, why in suppressed(database)}, {name, None})
    assert dispatch.types("S1") == []
    with database.begin() as connection:
        assert end_mute(connection, name)

    eventually(lambda: dispatch.types("S1"), ["Alert"])
