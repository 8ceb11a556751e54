"""Notices on their way out: the newest of a topic, recorded once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from rencheng.domain.level import Level
from rencheng.domain.notice import Notice, NoticeKind
from rencheng.store.warnings.notices import newest_notices
from services.alerts.outages import RETRY_S
from services.alerts.outbox.notices import NoticeOutbox
from tests.support.clock import ManualClock
from tests.support.outage import database_away


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def outbox(database: Engine, clock: ManualClock) -> NoticeOutbox:
    return NoticeOutbox(database, clock)


def notice(topic: str, level: Level = Level.RED) -> Notice:
    return Notice("actual", NoticeKind.GROUP, topic, datetime.now(UTC), True, level, ("S1",), True, "一", "one")


def recorded(database: Engine) -> list[tuple[str, bool]]:
    with database.connect() as connection:
        return [(row["topic"], row["in_force"]) for row in newest_notices(connection)]


def test_a_newer_notice_replaces_one_of_its_topic_that_was_not_sent(outbox: NoticeOutbox) -> None:
    outbox.add([notice("region 1"), notice("catchment a/+#b")])
    outbox.add([notice("region 1", Level.BLUE)])

    assert [(one.topic, one.document["level"]) for one in outbox.unsent()] == [
        ("rencheng/v1/notice/group/actual/region-1", "blue"),
        ("rencheng/v1/notice/group/actual/catchment-a-b", "red"),
    ]


def test_a_delivered_notice_is_not_offered_again_unless_a_newer_one_took_its_place(outbox: NoticeOutbox) -> None:
    outbox.add([notice("region 1"), notice("region 2")])
    sent = outbox.unsent()
    outbox.add([notice("region 1", Level.BLUE)])

    assert outbox.confirm(sent) == []
    assert [one.document["level"] for one in outbox.unsent()] == ["blue"]


def test_it_confirms_notices_and_passes_warnings_on(outbox: NoticeOutbox) -> None:
    outbox.add([notice("region 1")])
    [sent] = outbox.unsent()
    warning = replace(sent, identifier="W1", site_id="S1")

    assert outbox.confirm([warning, sent]) == [warning]


def test_every_notice_is_recorded_once(outbox: NoticeOutbox, database: Engine) -> None:
    outbox.add([notice("region 1"), replace(notice("region 1"), in_force=False)])
    outbox.record()
    outbox.record()

    assert recorded(database) == [("region 1", False)]


def test_notices_of_an_outage_are_recorded_later(
    outbox: NoticeOutbox, database: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_away(database, monkeypatch):
        outbox.add([notice("region 7")])
        outbox.record()
    outbox.add([notice("region 8")])
    outbox.record()
    assert recorded(database) == []
    clock.advance(RETRY_S)
    outbox.record()

    assert {topic for topic, _ in recorded(database)} == {"region 7", "region 8"}
