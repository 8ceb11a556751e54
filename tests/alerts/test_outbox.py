"""The outbox on a real database, with a broker that does as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.cap.render import render
from rencheng.domain.errors import StoreUnavailable
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from rencheng.messages.warning_json import warning_document
from rencheng.store.registry.sites import load_states
from rencheng.store.warnings.record import RenderedWarning
from rencheng.text.sentences import compose
from services.alerts.outbox.outbox import Outbox, Sendable
from services.alerts.outbox.relay import relay_due
from tests.alerts.gauge_play import reading
from tests.alerts.services import events, hasty_site, rows, watch
from tests.support.cap_messages import PUBLISHER
from tests.support.evaluation import messages_of


class Post:
    """Takes messages, or not."""

    def __init__(self) -> None:
        self.refuses: set[str] = set()
        self.chokes_on: set[str] = set()
        self.sent: list[str] = []

    def take(self, said: Sendable) -> bool:
        return self.put(said.topic, b"")

    def put(self, topic: str, _payload: bytes) -> bool:
        site_id = topic.rpartition("/")[2]
        if site_id in self.chokes_on:
            raise ValueError("invalid topic")
        if site_id not in self.refuses:
            self.sent.append(site_id)
        return site_id not in self.refuses


class Flood:
    """Messages and pages as the book makes them."""

    def __init__(self, *numbers: int) -> None:
        self.book = Evaluator()
        self.book.set_sites({f"S{n}": hasty_site(n) for n in numbers})

    def rise(self, number: int, minute: float, depth_mm: float) -> tuple[list[RenderedWarning], dict[str, SiteRecord]]:
        seen_twice = [reading(when, depth_mm, f"G{number}") for when in (minute, minute + 0.5)]
        (message,) = [
            said for one in seen_twice for said in messages_of(self.book, one, one.time + timedelta(seconds=1))
        ]
        site = self.book.sites[message.site_id]
        topic = f"rencheng/v1/370102/warning/{site.site_id}"
        composed = compose(message, site, PUBLISHER)
        said = RenderedWarning(message, dict(warning_document(composed)), render(composed), topic)
        return [said], self.book.dirty_records()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def outbox(database: Engine, post: Post) -> Outbox:
    watch(database, hasty_site(1), hasty_site(2))
    return Outbox(database, post.take)


@contextmanager
def away(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database does not answer."""

    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(outbox._engine, "begin", fail)
        yield


def test_a_page_is_saved_together_with_its_message(outbox: Outbox, database: Engine) -> None:
    flood = Flood(1)

    assert outbox.store(*flood.rise(1, 0, 160)) is True
    with database.connect() as connection:
        kept = load_states(connection)
    assert SiteRecord.from_json(kept["S1"][0]) == flood.book.record("S1")
    assert events(database) == [(1, "Alert")]


def test_neither_page_nor_message_is_saved_without_the_other(outbox: Outbox, database: Engine, post: Post) -> None:
    flood = Flood(1)
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE warning_events ADD CONSTRAINT odd CHECK (sequence <> 1)"))
    try:
        outbox.store(*flood.rise(1, 0, 160))
    finally:
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE warning_events DROP CONSTRAINT odd"))

    assert rows(database, "SELECT count(*) FROM site_states") == [(0,)]
    assert rows(database, "SELECT count(*) FROM warnings") == [(0,)]
    assert post.sent == ["S1"]


def test_a_site_that_is_gone_from_the_registry_takes_nobody_along(outbox: Outbox, database: Engine) -> None:
    flood = Flood(1, 2, 3)
    said, pages = flood.rise(3, 0, 160)
    more, their_pages = flood.rise(2, 0, 160)

    assert outbox.store([*said, *more], {**pages, **their_pages}) is True
    assert events(database, "S2") == [(1, "Alert")]


def test_nothing_later_goes_before_what_did_not_come_through(
    outbox: Outbox, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(1, 2)
    post.refuses = {"S1"}
    with away(outbox, monkeypatch):
        assert outbox.store(*flood.rise(1, 0, 160)) is False
        assert outbox.store(*flood.rise(2, 0, 160)) is False
        assert post.sent == []
        post.refuses = set()
        assert outbox.store(*flood.rise(1, 1, 450)) is False

    assert post.sent == ["S1", "S2", "S1"]


def test_what_mqtt_can_never_carry_does_not_hold_up_the_rest(
    outbox: Outbox, post: Post, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(1, 2)
    post.chokes_on = {"S1"}
    with away(outbox, monkeypatch):
        outbox.store(*flood.rise(1, 0, 160))
        outbox.store(*flood.rise(2, 0, 160))
    assert post.sent == ["S2"]
    outbox.save()
    outbox.store(*flood.rise(2, 1, 450))

    assert relay_due(database, post.put) is False
    assert post.sent == ["S2", "S2"]
    assert rows(database, "SELECT attempts FROM deliveries WHERE delivered_at IS NULL") == [(1,)]


def test_what_went_out_in_an_outage_is_recorded_as_delivered_and_not_sent_again(
    outbox: Outbox, post: Post, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(1)
    with away(outbox, monkeypatch):
        outbox.store(*flood.rise(1, 0, 160))
        outbox.store(*flood.rise(1, 1, 450))
    assert outbox.save() is True

    assert relay_due(database, post.put) is True
    assert post.sent == ["S1", "S1"]
    assert events(database) == [(1, "Alert"), (2, "Update")]


def test_a_commit_whose_answer_was_lost_is_neither_recorded_nor_sent_twice(
    outbox: Outbox, post: Post, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(1)
    said, pages = flood.rise(1, 0, 160)
    assert Outbox(database, post.take).store(said, pages) is True  # it took effect, and we were not told
    with away(outbox, monkeypatch):
        outbox.store(said, pages)
    assert outbox.save() is True

    assert relay_due(database, post.put) is True
    assert post.sent == ["S1"]
    assert events(database) == [(1, "Alert")]


def test_an_alert_left_over_from_before_an_outage_does_not_follow_its_update(
    outbox: Outbox, post: Post, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(1, 2)
    post.refuses = {"S1", "S2"}
    outbox.store(*flood.rise(1, 0, 160))
    outbox.store(*flood.rise(2, 0, 160))
    assert relay_due(database, post.put) is False
    post.refuses = set()
    with away(outbox, monkeypatch):
        outbox.store(*flood.rise(1, 1, 450))
    outbox.save()

    assert relay_due(database, post.put) is True
    assert post.sent == ["S1", "S2"]
    assert rows(database, "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL") == [(0,)]


def test_a_message_does_not_wait_for_pages_that_say_nothing(
    outbox: Outbox, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(1, 2)
    said, pages = flood.rise(1, 0, 160)
    _, silent = flood.rise(2, 0, 160)
    assert outbox.store([], silent) is False
    assert outbox.store(said, pages) is True
    with database.connect() as connection:
        assert list(load_states(connection)) == ["S1"]

    monkeypatch.setattr("services.alerts.outbox.outbox.SAVE_EVERY_S", 0.0)  # their minute has passed
    monkeypatch.setattr("services.alerts.outbox.outbox.RETRY_S", 0.0)
    outbox.store(*flood.rise(1, 1, 450))
    assert outbox.store([], {}) is False
    with database.connect() as connection:
        assert list(load_states(connection)) == ["S1", "S2"]
