"""Storm control in the service: what is held back is recorded, not delivered, and delivered when it may be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.store.warnings.mutes import add_mute, end_mute
from rencheng.store.warnings.notices import newest_notices
from rencheng.store.warnings.sent import sent_of_open_warnings
from services.alerts.outbox.notice_publisher import NoticePublisher, topic_of
from services.alerts.outbox.outbox import Outbox
from services.alerts.outbox.relay import relay_due
from services.alerts.suppression.notices import Notice
from services.alerts.suppression.service import Suppressor
from tests.alerts.conftest import MakeGauge
from tests.alerts.services import Dispatcher, Service, eventually, hasty_site, rows, watch
from tests.alerts.test_outbox import Flood, Post

NOW = datetime.now(UTC)


@contextmanager
def away(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database does not answer."""

    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(database, "begin", fail)
        yield


class Control:
    """Flood, desk, outbox and post, as the service joins them."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.flood, self.post, self.desk = Flood(1, 2), Post(), Suppressor()
        self.outbox = Outbox(database, self.post.take)
        self.desk.set_sites(self.flood.book.sites)

    def silence(self, up_to: Level, minutes: float) -> None:
        until = datetime.now(UTC) + timedelta(minutes=minutes)
        self.desk.set_mutes(
            [Silence("silence-1", MuteScope(site_id="S1"), up_to, NOW - timedelta(days=1), until, "test")]
        )

    def rise(self, minute: float, depth_mm: float) -> None:
        said, pages = self.flood.rise(1, minute, depth_mm)
        self.outbox.store([self.desk.decide(each) for each in said], pages)
        self.deliver()

    def tick(self) -> None:
        self.outbox.release(self.desk.tick())
        self.outbox.store([], {})
        self.deliver()

    def deliver(self) -> None:
        relay_due(self.database, self.post.put)


@pytest.fixture
def control(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Control:
    monkeypatch.setattr("services.alerts.suppression.service.TICK_EVERY_S", 0.0)
    watch(database, hasty_site(1), hasty_site(2))
    return Control(database)


def held(database: Engine) -> list[tuple[int, str | None]]:
    query = "SELECT sequence, suppressed_by FROM deliveries JOIN warning_events USING (event_id) ORDER BY event_id"
    return [(row[0], row[1]) for row in rows(database, query)]


def test_what_is_held_is_recorded_and_goes_out_when_the_silence_ends(control: Control) -> None:
    control.silence(Level.RED, 5)
    control.rise(0, 60)
    assert held(control.database) == [(1, "silence-1")]
    assert control.post.sent == []
    control.silence(Level.RED, -1)
    control.tick()
    control.tick()

    assert control.post.sent == ["S1"]
    assert held(control.database) == [(1, None)]


def test_what_rises_above_a_silence_goes_out_at_once(control: Control) -> None:
    control.silence(Level.BLUE, 5)
    control.rise(0, 60)
    control.rise(1, 160)

    assert control.post.sent == ["S1"]
    assert held(control.database) == [(1, "silence-1"), (2, None)]


def test_while_the_database_is_away_what_is_held_stays_and_what_is_freed_goes_out_directly(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.silence(Level.RED, 5)
    with away(control.database, monkeypatch):
        control.rise(0, 60)
        assert control.post.sent == []
        control.silence(Level.RED, -1)
        control.outbox.release(control.desk.tick())
        control.outbox.save()
        assert control.post.sent == ["S1"]
    control.outbox.save()
    control.deliver()

    assert control.post.sent == ["S1"]
    assert held(control.database) == [(1, None)]


def test_a_service_that_comes_back_knows_what_it_holds(control: Control) -> None:
    control.silence(Level.RED, 5)
    control.rise(0, 60)
    desk = Suppressor()
    desk.set_sites(control.flood.book.sites)
    with control.database.connect() as connection:
        desk.restore(sent_of_open_warnings(connection), [])
    control.desk = desk
    control.tick()

    assert control.post.sent == ["S1"]
    assert desk.policy.delivery_of("S1").sent is Level.BLUE


def test_a_silence_in_the_register_mutes_a_running_service(
    alerts: Service, database: Engine, gauge: MakeGauge, dispatcher: Dispatcher
) -> None:
    watch(database, hasty_site(1), hasty_site(2))
    now = datetime.now(UTC)
    silence = Silence("", MuteScope(site_id="S1"), Level.RED, now, now + timedelta(hours=1), "pump test")
    with database.begin() as connection:
        name = add_mute(connection, silence, "a test")
    one, two = gauge("G1"), gauge("G2")
    alerts.start()
    one.send(300)
    two.send(300)
    eventually(lambda: dispatcher.types("S2"), ["Alert"])
    eventually(lambda: {why for _, why in held(database)}, {name, None})
    assert dispatcher.types("S1") == []
    with database.begin() as connection:
        assert end_mute(connection, name)

    eventually(lambda: dispatcher.types("S1"), ["Alert"])


def notice(topic: str, *, in_force: bool = True) -> Notice:
    return Notice("actual", "group", topic, NOW, in_force, Level.RED, ("S1",), True, "一", "one")


def test_a_notice_is_sent_and_recorded_and_the_newest_waits_for_the_broker(database: Engine) -> None:
    heard: list[tuple[str, str]] = []

    def publish(topic: str, payload: bytes) -> bool:
        heard.append((topic, json.loads(payload)["level"]))
        return True

    bulletin = NoticePublisher(database, publish)
    bulletin.publish([notice("region 1"), notice("catchment a/+#b")], connected=False)
    bulletin.publish([notice("region 1", in_force=False)], connected=True)

    assert heard == [
        ("rencheng/v1/notice/group/actual/region-1", "red"),
        ("rencheng/v1/notice/group/actual/catchment-a-b", "red"),
    ]
    with database.connect() as connection:
        kept = [(row["topic"], row["in_force"]) for row in newest_notices(connection)]
    assert kept == [("region 1", False), ("catchment a/+#b", True)]


def test_while_the_database_is_away_a_notice_goes_out_and_is_recorded_later(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def publish(topic: str, _payload: bytes) -> bool:
        heard.append(topic)
        return True

    bulletin = NoticePublisher(database, publish)
    with away(database, monkeypatch):
        bulletin.publish([notice("region 7")], connected=True)
    assert heard == [topic_of(notice("region 7"))]
    bulletin.publish([notice("region 8")], connected=True)
    with database.connect() as connection:
        assert {"region 7", "region 8"} <= {row["topic"] for row in newest_notices(connection)}
