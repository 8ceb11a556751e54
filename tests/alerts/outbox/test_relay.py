"""The relay on a real database, with a broker session that a test controls: nothing lost, nothing late last."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from rencheng.domain.level import Level
from rencheng.domain.notice import Notice, NoticeKind
from rencheng.domain.outgoing import RenderedWarning
from services.alerts.outages import RETRY_S
from services.alerts.outbox.notices import NoticeOutbox
from services.alerts.outbox.outbox import Outbox
from services.alerts.outbox.relay import DeliveryState, Relay
from services.alerts.outbox.sink import MqttSink
from tests.support.alert_database import events, quick_site, register_sites, rows
from tests.support.broker_session import ScriptedSession
from tests.support.clock import ManualClock
from tests.support.outage import database_away
from tests.support.rising_water import RisingWater


class Delivery:
    """Outbox, notices, relay and sink, as the service joins them."""

    def __init__(self, database: Engine) -> None:
        self.clock, self.session, self.water = ManualClock(datetime.now(UTC)), ScriptedSession(), RisingWater(1, 2)
        self.outbox, self.notices = Outbox(database, self.clock), NoticeOutbox(database, self.clock)
        self.sink = MqttSink(self.session, self.clock)
        self.relay = Relay(database, self.sink, self.outbox, self.notices, self.clock)

    def rise(self, number: int, minute: float, depth_mm: float) -> RenderedWarning:
        """One turn of the service in which the water of a site rises."""
        warning, records = self.water.rise(number, minute, depth_mm)
        self.outbox.add(warning)
        self.outbox.record(records)
        self.relay.relay()
        return warning

    def state(self) -> DeliveryState:
        return self.relay.state

    def turn(self, times: int = 1) -> None:
        """Turns of the service without a reading."""
        for _ in range(times):
            self.clock.advance(RETRY_S)
            self.outbox.record({})
            self.relay.relay()


@pytest.fixture
def delivery(database: Engine) -> Delivery:
    register_sites(database, quick_site(1), quick_site(2))
    delivery = Delivery(database)
    delivery.turn()  # nothing is left of an earlier process
    return delivery


def undelivered(database: Engine) -> int:
    count: int = rows(database, "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL")[0][0]
    return count


def test_a_recorded_warning_is_sent_at_once_and_marked_when_it_is_acknowledged(
    delivery: Delivery, database: Engine
) -> None:
    delivery.session.acknowledges = False
    assert delivery.state() is DeliveryState.IDLE
    delivery.rise(1, 0, 160)
    assert (delivery.session.topics(), delivery.state()) == (["S1"], DeliveryState.IN_FLIGHT)
    assert undelivered(database) == 1
    delivery.session.acknowledge()
    delivery.turn()

    assert delivery.state() is DeliveryState.IDLE
    assert undelivered(database) == 0
    assert rows(database, "SELECT attempts FROM deliveries") == [(1,)]


def test_without_a_broker_due_warnings_stay_in_the_database_and_are_sent_in_order(
    delivery: Delivery, database: Engine
) -> None:
    delivery.session.is_connected = False
    delivery.rise(1, 0, 160)
    delivery.rise(2, 0, 160)
    delivery.rise(1, 1, 450)
    assert delivery.state() is DeliveryState.BACKLOG
    delivery.session.is_connected = True
    delivery.turn(3)

    assert delivery.session.topics() == ["S1", "S2", "S1"]
    assert delivery.state() is DeliveryState.IDLE
    assert undelivered(database) == 0


def test_the_next_process_delivers_what_the_last_one_left(delivery: Delivery, database: Engine) -> None:
    delivery.session.is_connected = False
    delivery.rise(1, 0, 160)
    after = Delivery(database)
    after.turn(2)

    assert after.session.topics() == ["S1"]
    assert undelivered(database) == 0


def test_a_new_warning_does_not_go_before_a_backlog(delivery: Delivery) -> None:
    delivery.session.is_connected = False
    delivery.rise(1, 0, 160)
    delivery.session.is_connected = True
    delivery.rise(1, 1, 450)
    delivery.turn(3)

    assert [document["msg_type"] for _, document in delivery.session.published] == ["Alert", "Update"]


def test_in_an_outage_warnings_are_delivered_unrecorded_and_not_sent_again(
    delivery: Delivery, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_away(database, monkeypatch):
        delivery.rise(1, 0, 160)
        delivery.rise(1, 1, 450)
    assert delivery.session.topics() == ["S1", "S1"]
    delivery.turn(3)

    assert delivery.session.topics() == ["S1", "S1"]
    assert events(database) == [(1, "Alert"), (2, "Update")]
    assert undelivered(database) == 0


def test_a_warning_that_is_acknowledged_after_it_was_recorded_is_not_sent_again(
    delivery: Delivery, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery.session.acknowledges = False
    with database_away(database, monkeypatch):
        delivery.rise(1, 0, 160)
    delivery.turn()
    assert (events(database), undelivered(database)) == ([(1, "Alert")], 1)
    delivery.session.acknowledge()
    delivery.turn(3)

    assert delivery.session.topics() == ["S1"]
    assert undelivered(database) == 0


def test_a_warning_left_over_from_before_an_outage_does_not_follow_its_update(
    delivery: Delivery, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery.session.is_connected = False
    delivery.rise(1, 0, 160)
    delivery.rise(2, 0, 160)
    delivery.session.is_connected = True
    delivery.session.acknowledges = False
    with database_away(database, monkeypatch):
        delivery.rise(1, 1, 450)
    delivery.turn(2)  # the update is recorded, and the broker has not acknowledged it yet
    delivery.session.acknowledges = True
    delivery.session.acknowledge()
    delivery.turn(4)

    assert delivery.session.topics() == ["S1", "S2"]
    assert [document["msg_type"] for _, document in delivery.session.published] == ["Update", "Alert"]
    assert undelivered(database) == 0


def test_nothing_newer_goes_before_what_was_not_sent(
    delivery: Delivery, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery.session.is_connected = False
    with database_away(database, monkeypatch):
        delivery.rise(1, 0, 160)
        delivery.rise(2, 0, 160)
        delivery.session.is_connected = True
        delivery.rise(1, 1, 450)

    assert delivery.session.topics() == ["S1", "S2", "S1"]


def test_a_warning_that_mqtt_cannot_carry_holds_nothing_up(delivery: Delivery, database: Engine) -> None:
    delivery.session.unfit = {"rencheng/v1/370102/warning/S1"}
    delivery.rise(1, 0, 160)
    delivery.rise(2, 0, 160)
    delivery.turn(3)

    assert delivery.session.topics() == ["S2"]
    assert delivery.state() is DeliveryState.IDLE
    assert rows(database, "SELECT attempts FROM deliveries WHERE delivered_at IS NULL") == [(1,)]


def test_while_deliveries_cannot_be_marked_nothing_is_sent_again(
    delivery: Delivery, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery.session.acknowledges = False
    delivery.rise(1, 0, 160)
    delivery.session.acknowledge()
    with database_away(database, monkeypatch):
        delivery.turn(2)
    assert undelivered(database) == 1
    delivery.turn(2)

    assert delivery.session.topics() == ["S1"]
    assert undelivered(database) == 0


def test_notices_go_out_by_the_same_way(delivery: Delivery) -> None:
    notice = Notice(
        "actual", NoticeKind.GROUP, "region 1", delivery.clock.now(), True, Level.RED, (), True, "一", "one"
    )
    delivery.session.is_connected = False
    delivery.notices.add([notice])
    delivery.turn()
    delivery.session.is_connected = True
    delivery.turn()

    assert [topic for topic, _ in delivery.session.published] == ["rencheng/v1/notice/group/actual/region-1"]
