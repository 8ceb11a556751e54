"""Charging transactions told in any order, late, twice, in part: what is read of them depends on the rows alone."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import Rejected
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.intake import admit
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import ReceivedReading, RowResult, WriteStatus, create_staging_on_connect, write
from rencheng.store.readings.transactions import transactions
from rencheng.store.registry.devices import add_region, register
from tests.store.conftest import REGION

START = datetime(2026, 7, 20, 8, tzinfo=UTC)
PILE = Device("P", Kind.CHARGING, REGION)
Item = dict[str, Any]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="transaction tests")
    create_staging_on_connect(engine)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE meter_values"))
        add_region(connection, REGION, "历下区", "Lixia")
        register(connection, [(PILE, None)])
    yield engine
    engine.dispose()


def status(minute: float, word: str, *, transaction: str = "T1", connector: int = 1, error: str = "NoError") -> Item:
    return _item(minute, transaction, connector) | {"measurand": "status", "status": word, "error_code": error}


def meter(minute: float, measurand: str, value: float, *, transaction: str = "T1", connector: int = 1) -> Item:
    return _item(minute, transaction, connector) | {"measurand": measurand, "value": value}


def _item(minute: float, transaction: str, connector: int) -> Item:
    time = START + timedelta(minutes=minute)
    return {"time": time.isoformat(), "connector_id": connector, "transaction_id": transaction}


def session() -> list[Item]:
    """Start, five minutes of meter values, stop."""
    values = [
        meter(minute, measurand, value)
        for minute in range(6)
        for measurand, value in (("energy_kwh", 100 + minute), ("power_kw", 60 - minute), ("soc_pct", 20 + 2 * minute))
    ]
    return [status(0, "Charging"), *values, status(5, "Finishing")]


def send(engine: Engine, items: Sequence[Item], *, a_message: int = 1) -> list[RowResult]:
    """Through the codec and the checks into the database, so many items a message."""
    fates: list[RowResult] = []
    for start in range(0, len(items), a_message):
        payload = json.dumps(items[start : start + a_message]).encode()
        message = ReceivedMessage(f"rencheng/v1/{REGION}/charging/P/telemetry", payload, START + timedelta(hours=1))
        admitted = admit(message, {"P": PILE}, ClockLimits())
        assert admitted.rejections == ()
        with engine.begin() as connection:
            fates += write(connection, [ReceivedReading(reading, message.received_at) for reading in admitted.readings])
    return fates


def told(engine: Engine) -> list[dict[Any, Any]]:
    with engine.connect() as connection:
        rows = transactions(connection, "P", start=START - timedelta(hours=1), end=START + timedelta(hours=5))
    return [dict(row) for row in rows]


def test_a_transaction_is_what_its_rows_say(engine: Engine) -> None:
    send(engine, session(), a_message=7)
    [transaction] = told(engine)

    assert (transaction["began_at"], transaction["ended_at"]) == (START, START + timedelta(minutes=5))
    assert transaction["is_over"]
    assert (transaction["energy_kwh"], transaction["power_kw_max"]) == (5, 60)
    assert (transaction["soc_pct_first"], transaction["soc_pct_last"]) == (20, 30)
    assert (transaction["meter_values"], transaction["faults"]) == (18, None)


def test_in_any_order_and_twice_it_is_the_same_and_every_repetition_is_counted(engine: Engine) -> None:
    send(engine, session())
    straight = told(engine)
    for seed in range(8):
        with engine.begin() as connection:
            connection.execute(text("TRUNCATE meter_values"))
        dice = random.Random(seed)  # noqa: S311 - dice that fall the same way each time
        items = session() + dice.sample(session(), 7)
        dice.shuffle(items)
        fates = send(engine, items, a_message=dice.choice((1, 3, len(items))))

        assert told(engine) == straight
        assert (fates.count(WriteStatus.STORED), fates.count(WriteStatus.DUPLICATE)) == (len(session()), 7)


def test_a_stop_before_its_start_is_kept_and_the_start_finds_its_place(engine: Engine) -> None:
    send(engine, [status(5, "Finishing")])
    before = told(engine)
    send(engine, [status(0, "Charging")])
    after = told(engine)

    assert [(one["start_reported_at"], one["is_over"]) for one in before] == [(None, True)]
    assert [(one["start_reported_at"], one["is_over"]) for one in after] == [(START, True)]
    assert before[0]["began_at"] == START + timedelta(minutes=5)
    assert after[0]["began_at"] == START


def test_meter_values_alone_are_a_transaction_without_a_word_of_start_or_stop(engine: Engine) -> None:
    send(engine, [meter(3, "energy_kwh", 101), meter(1, "energy_kwh", 100)])
    [transaction] = told(engine)

    assert (transaction["start_reported_at"], transaction["ended_at"], transaction["is_over"]) == (None, None, False)
    assert transaction["energy_kwh"] == 1


def test_a_stop_that_never_came_is_told_by_the_next_transaction_of_the_connector(engine: Engine) -> None:
    send(engine, [status(0, "Charging"), status(30, "Charging", transaction="T2")])
    send(engine, [status(10, "Charging", transaction="T3", connector=2)])

    assert [(one["transaction_id"], one["is_over"]) for one in told(engine)] == [
        ("T1", True),
        ("T3", False),
        ("T2", False),
    ]


def test_a_value_told_twice_and_differently_is_refused_and_the_first_stands(engine: Engine) -> None:
    send(engine, [meter(0, "energy_kwh", 100), meter(1, "energy_kwh", 103)])
    [fate] = send(engine, [meter(1, "energy_kwh", 999)])

    assert isinstance(fate, Rejected)
    assert told(engine)[0]["energy_kwh"] == 3


def test_the_same_number_on_two_connectors_is_two_transactions_and_outside_one_nothing_is(engine: Engine) -> None:
    send(
        engine, [meter(0, "power_kw", 7), meter(0, "power_kw", 9, connector=2), meter(0, "power_kw", 1, transaction="")]
    )

    assert [(one["connector_id"], one["power_kw_max"]) for one in told(engine)] == [(1, 7), (2, 9)]


def test_faults_are_told_once_each(engine: Engine) -> None:
    send(engine, [status(minute, "Charging", error="GroundFailure") for minute in range(3)])

    assert told(engine)[0]["faults"] == ["GroundFailure"]
