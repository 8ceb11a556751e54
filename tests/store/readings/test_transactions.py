"""Charging transactions depend on the stored rows alone, not on order, delay or repetition."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
from tests.support.store import REGION

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


def status(minute: float, state: str, *, transaction: str = "T1", connector: int = 1, error: str = "NoError") -> Item:
    return _item(minute, transaction, connector) | {"measurand": "status", "status": state, "error_code": error}


def meter(minute: float, measurand: str, value: float, *, transaction: str = "T1", connector: int = 1) -> Item:
    return _item(minute, transaction, connector) | {"measurand": measurand, "value": value}


def _item(minute: float, transaction: str, connector: int) -> Item:
    time = START + timedelta(minutes=minute)
    return {"time": time.isoformat(), "connector_id": connector, "transaction_id": transaction}


def session() -> list[Item]:
    """A start, five minutes of meter values, a stop."""
    values = [
        meter(minute, measurand, value)
        for minute in range(6)
        for measurand, value in (("energy_kwh", 100 + minute), ("power_kw", 60 - minute), ("soc_pct", 20 + 2 * minute))
    ]
    return [status(0, "Charging"), *values, status(5, "Finishing")]


def send(engine: Engine, items: Sequence[Item], *, a_message: int = 1) -> list[RowResult]:
    """Send items through codec and checks into the database, `a_message` items per message."""
    fates: list[RowResult] = []
    for start in range(0, len(items), a_message):
        payload = json.dumps(items[start : start + a_message]).encode()
        message = ReceivedMessage(f"rencheng/v1/{REGION}/charging/P/telemetry", payload, START + timedelta(hours=1))
        admitted = admit(message, {"P": PILE}, ClockLimits())
        assert admitted.rejections == ()
        with engine.begin() as connection:
            fates += write(connection, [ReceivedReading(reading, message.received_at) for reading in admitted.readings])
    return fates


def listed(engine: Engine) -> list[dict[Any, Any]]:
    with engine.connect() as connection:
        rows = transactions(connection, "P", start=START - timedelta(hours=1), end=START + timedelta(hours=5))
    return [dict(row) for row in rows]


def test_a_transaction_is_assembled_from_its_rows(engine: Engine) -> None:
    send(engine, session(), a_message=7)
    [transaction] = listed(engine)

    assert (transaction["began_at"], transaction["ended_at"]) == (START, START + timedelta(minutes=5))
    assert transaction["is_over"]
    assert (transaction["energy_kwh"], transaction["power_kw_max"]) == (5, 60)
    assert (transaction["soc_pct_first"], transaction["soc_pct_last"]) == (20, 30)
    assert (transaction["meter_values"], transaction["faults"]) == (18, None)


def test_order_and_repetition_do_not_matter_and_repetitions_are_counted(engine: Engine) -> None:
    send(engine, session())
    in_order = listed(engine)
    for seed in range(8):
        with engine.begin() as connection:
            connection.execute(text("TRUNCATE meter_values"))
        dice = random.Random(seed)  # noqa: S311 - dice that fall the same way each time
        items = session() + dice.sample(session(), 7)
        dice.shuffle(items)
        fates = send(engine, items, a_message=dice.choice((1, 3, len(items))))

        assert listed(engine) == in_order
        assert (fates.count(WriteStatus.STORED), fates.count(WriteStatus.DUPLICATE)) == (len(session()), 7)


def test_a_stop_that_arrives_before_its_start_is_kept(engine: Engine) -> None:
    send(engine, [status(5, "Finishing")])
    before = listed(engine)
    send(engine, [status(0, "Charging")])
    after = listed(engine)

    assert [(one["start_reported_at"], one["is_over"]) for one in before] == [(None, True)]
    assert [(one["start_reported_at"], one["is_over"]) for one in after] == [(START, True)]
    assert before[0]["began_at"] == START + timedelta(minutes=5)
    assert after[0]["began_at"] == START


def test_meter_values_alone_are_a_transaction_without_start_and_stop(engine: Engine) -> None:
    send(engine, [meter(3, "energy_kwh", 101), meter(1, "energy_kwh", 100)])
    [transaction] = listed(engine)

    assert (transaction["start_reported_at"], transaction["ended_at"], transaction["is_over"]) == (None, None, False)
    assert transaction["energy_kwh"] == 1


def test_the_next_transaction_of_the_connector_ends_one_without_a_stop(engine: Engine) -> None:
    send(engine, [status(0, "Charging"), status(30, "Charging", transaction="T2")])
    send(engine, [status(10, "Charging", transaction="T3", connector=2)])

    assert [(one["transaction_id"], one["is_over"]) for one in listed(engine)] == [
        ("T1", True),
        ("T3", False),
        ("T2", False),
    ]


def test_a_second_different_value_is_rejected_and_the_first_stays(engine: Engine) -> None:
    send(engine, [meter(0, "energy_kwh", 100), meter(1, "energy_kwh", 103)])
    [fate] = send(engine, [meter(1, "energy_kwh", 999)])

    assert isinstance(fate, Rejected)
    assert listed(engine)[0]["energy_kwh"] == 3


def test_transactions_belong_to_connectors_and_values_outside_belong_to_none(engine: Engine) -> None:
    send(
        engine, [meter(0, "power_kw", 7), meter(0, "power_kw", 9, connector=2), meter(0, "power_kw", 1, transaction="")]
    )

    assert [(one["connector_id"], one["power_kw_max"]) for one in listed(engine)] == [(1, 7), (2, 9)]


def test_each_fault_is_listed_once(engine: Engine) -> None:
    send(engine, [status(minute, "Charging", error="GroundFailure") for minute in range(3)])

    assert listed(engine)[0]["faults"] == ["GroundFailure"]


def sampled(minute: float, value: float, **more: str) -> Item:
    return meter(minute, "energy_kwh", value) | more


@pytest.mark.parametrize(
    ("registers", "energy_kwh"),
    [
        ([2259.1, 2259.988, -0.001], 0.888),
        ([-1, 2259.1, 2259.988], 0.888),
        ([2259.1, -1, 2259.988], 0.888),
        ([2259.1, 2259.988, 0], 0.888),
        ([100, 101, 0, 1.5], 2.5),
        ([999_999.5, 999_999.9, 0.2, 0.6], 0.8),
        ([2259.1, 0, 2259.988], 0.888),
        ([2259.1, 99_999, 2259.988], 0.888),
        ([10, 11, 11, 12], 2),
        ([10], 0),
        ([-1], None),
    ],
)
def test_energy_is_what_the_register_rose_whatever_else_it_did(
    engine: Engine, registers: list[float], energy_kwh: float | None
) -> None:
    items = [meter(minute, "energy_kwh", value) for minute, value in enumerate(registers)]
    items = items[1::2] + items[::2]
    send(engine, items, a_message=2)
    [transaction] = listed(engine)

    assert transaction["energy_kwh"] == (energy_kwh if energy_kwh is None else pytest.approx(energy_kwh))


rises = st.lists(st.floats(0.1, 100), min_size=2, max_size=8)


@given(st.lists(rises, min_size=1, max_size=3), st.lists(st.integers(0, 20), max_size=3))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_energy_is_the_sum_of_the_rises_between_resets(
    engine: Engine, runs: list[list[float]], unknown_at: list[int]
) -> None:
    """Each run of the register begins at 0, below everything before; -1 stands for "unknown" anywhere."""
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE meter_values"))
    values = [value for run in runs for value in (0.0, *accumulate(run))]
    for place in unknown_at:
        values.insert(min(place, len(values)), -1.0)
    send(engine, [meter(minute, "energy_kwh", value) for minute, value in enumerate(values)], a_message=30)
    [transaction] = listed(engine)

    total = sum(map(sum, runs))
    assert transaction["energy_kwh"] <= total + 1e-6
    # a register that is past its old value by the next reading looks like one that was read wrongly once
    is_clear = all(after[0] < sum(before) for before, after in pairwise(runs))
    if is_clear:
        assert transaction["energy_kwh"] == pytest.approx(total)


def test_energy_is_that_of_the_outlet_and_of_all_phases_in_any_context(engine: Engine) -> None:
    send(
        engine,
        [
            sampled(0, 100, context="Transaction.Begin"),
            sampled(1, 101, location="Outlet"),
            sampled(1, 40, phase="L1"),
            sampled(1, 900, location="Inlet"),
            sampled(2, 102, context="Transaction.End"),
            meter(2, "soc_pct", 80) | {"location": "EV"},
            meter(3, "soc_pct", -1) | {"location": "EV"},
        ],
        a_message=7,
    )
    [transaction] = listed(engine)

    assert (transaction["energy_kwh"], transaction["soc_pct_last"]) == (2, 80)


def test_the_phases_of_one_time_are_stored_each_and_once(engine: Engine) -> None:
    items = [
        meter(0, "current_a", value) | {"phase": phase} for phase, value in (("L1", 15.5), ("L2", 15.4), ("L3", 0))
    ]
    items += [meter(0, "current_a", 10.3), meter(0, "current_a", 10.3) | {"location": "Inlet"}]

    assert send(engine, items, a_message=5) == [WriteStatus.STORED] * 5
    assert send(engine, items, a_message=5) == [WriteStatus.DUPLICATE] * 5
