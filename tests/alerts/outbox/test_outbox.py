"""The outbox on a real database: messages and records together, once, in order."""

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.outgoing import OutgoingMessage, RenderedWarning
from rencheng.engine.record import SiteRecord
from rencheng.store.registry.sites import load_states
from services.alerts.outbox.outbox import RECORDS_EVERY_S, SAVE_EVERY_S, Outbox
from tests.support.alert_database import events, quick_site, register_sites, rows
from tests.support.clock import ManualClock
from tests.support.outage import database_away
from tests.support.rising_water import RisingWater


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def outbox(database: Engine, clock: ManualClock) -> Outbox:
    register_sites(database, quick_site(1), quick_site(2))
    return Outbox(database, clock)


def record(outbox: Outbox, warning: RenderedWarning, records: Mapping[str, SiteRecord]) -> None:
    outbox.add(warning)
    outbox.record(records)


def sites(messages: list[OutgoingMessage]) -> list[str]:
    return [one.site_id for one in messages]


def recorded_sites(database: Engine) -> list[str]:
    with database.connect() as connection:
        return sorted(load_states(connection))


def test_a_record_is_committed_together_with_its_message(outbox: Outbox, database: Engine) -> None:
    water = RisingWater(1)
    record(outbox, *water.rise(1, 0, 160))

    with database.connect() as connection:
        kept = load_states(connection)
    assert SiteRecord.from_json(kept["S1"][0]) == water.evaluator.record("S1")
    assert events(database) == [(1, "Alert")]
    assert sites(outbox.take_recorded()) == ["S1"]
    assert outbox.take_recorded() == outbox.unrecorded() == []


def test_neither_record_nor_message_is_committed_without_the_other(outbox: Outbox, database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE warning_events ADD CONSTRAINT odd CHECK (sequence <> 1)"))
    try:
        record(outbox, *RisingWater(1).rise(1, 0, 160))
    finally:
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE warning_events DROP CONSTRAINT odd"))

    assert rows(database, "SELECT count(*) FROM site_states") == [(0,)]
    assert rows(database, "SELECT count(*) FROM warnings") == [(0,)]
    assert sites(outbox.unrecorded()) == ["S1"]


def test_what_the_database_rejects_is_due_until_it_is_delivered_and_is_not_tried_again(
    outbox: Outbox, database: Engine, clock: ManualClock
) -> None:
    water = RisingWater(1, 3)
    record(outbox, *water.rise(3, 0, 160))  # it is not in the registry
    record(outbox, *water.rise(1, 0, 160))
    clock.advance(10)
    outbox.record({})
    unrecorded = outbox.unrecorded()

    assert sites(unrecorded) == ["S3"]
    assert sites(outbox.take_recorded()) == ["S1"]
    assert outbox.confirm(unrecorded) == []
    assert outbox.unrecorded() == []
    assert events(database, "S3") == []


def test_a_site_that_is_gone_from_the_registry_stops_no_other(outbox: Outbox, database: Engine) -> None:
    water = RisingWater(1, 2, 3)
    gone, records = water.rise(3, 0, 160)
    there, more = water.rise(2, 0, 160)
    outbox.add(gone)
    outbox.add(there)
    outbox.record({**records, **more})

    assert sites(outbox.take_recorded()) == ["S2"]
    assert events(database, "S2") == [(1, "Alert")]


def test_while_the_database_is_away_messages_are_due_unrecorded_in_order(
    outbox: Outbox, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    water = RisingWater(1, 2)
    with database_away(database, monkeypatch):
        record(outbox, *water.rise(1, 0, 160))
        record(outbox, *water.rise(2, 0, 160))
        record(outbox, *water.rise(1, 1, 450))
    found = [outbox.is_cut_off]
    assert sites(outbox.unrecorded()) == ["S1", "S2", "S1"]
    assert outbox.save()

    assert [*found, outbox.is_cut_off] == [True, False]
    assert sites(outbox.take_recorded()) == ["S1", "S2", "S1"]
    assert outbox.unrecorded() == []


def test_what_was_delivered_in_an_outage_is_recorded_as_delivered(
    outbox: Outbox, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    water = RisingWater(1)
    with database_away(database, monkeypatch):
        record(outbox, *water.rise(1, 0, 160))
        record(outbox, *water.rise(1, 1, 450))
        assert outbox.confirm(outbox.unrecorded()) == []
    assert outbox.save()

    assert outbox.take_recorded() == []
    assert events(database) == [(1, "Alert"), (2, "Update")]
    assert rows(database, "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL") == [(0,)]


def test_a_commit_whose_answer_was_lost_is_not_recorded_twice(
    outbox: Outbox, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning, records = RisingWater(1).rise(1, 0, 160)
    record(Outbox(database), warning, records)  # it took effect, and the service does not know
    with database_away(database, monkeypatch):
        record(outbox, warning, records)
    outbox.confirm(outbox.unrecorded())
    assert outbox.save()

    assert events(database) == [(1, "Alert")]
    assert rows(database, "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL") == [(0,)]


def test_a_message_does_not_wait_for_records_without_one(outbox: Outbox, database: Engine, clock: ManualClock) -> None:
    water = RisingWater(1, 2)
    warning, records = water.rise(1, 0, 160)
    _, silent = water.rise(2, 0, 160)
    outbox.record(silent)
    assert recorded_sites(database) == []
    record(outbox, warning, records)
    assert recorded_sites(database) == ["S1"]
    clock.advance(SAVE_EVERY_S)
    record(outbox, *water.rise(1, 1, 450))
    assert recorded_sites(database) == ["S1"]
    clock.advance(RECORDS_EVERY_S)
    outbox.record({})

    assert recorded_sites(database) == ["S1", "S2"]


def test_a_record_that_has_waited_twice_as_long_goes_with_the_next_message(
    outbox: Outbox, database: Engine, clock: ManualClock
) -> None:
    water = RisingWater(1, 2)
    _, silent = water.rise(2, 0, 160)
    outbox.record(silent)
    clock.advance(2 * SAVE_EVERY_S)
    record(outbox, *water.rise(1, 0, 160))

    assert recorded_sites(database) == ["S1", "S2"]


def test_the_trace_of_a_message_is_stored_with_its_delivery(outbox: Outbox, database: Engine) -> None:
    record(outbox, *RisingWater(1).rise(1, 0, 160))

    assert rows(database, "SELECT trace_id FROM deliveries") == [("trace-1-0",)]
