"""Readings of one message are evaluated in order of sample time, however they are written."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from rencheng.codecs.registry import CODECS
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.reading import WaterReading
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from services.alerts.source.catch_up import CatchUp
from services.alerts.source.readings import ReadingSource
from services.alerts.source.subscription_state import SubscriptionState
from tests.support.alert_database import REGION
from tests.support.field_cases import field_case
from tests.support.gauge_play import site
from tests.support.source import MemorySource, live_readings

NOON = datetime(2026, 7, 20, 4, tzinfo=UTC)
RISING = [(10.0 * n, 25.0 * n) for n in range(1, 31)]
"""(seconds after noon, mm): 25 mm every ten seconds."""
Samples = Sequence[tuple[float, float]]


def warnings(database: Engine, messages: Sequence[tuple[float, bytes]], codec: str = "json") -> list[tuple[str, float]]:
    """Return level and time (seconds after noon) of each warning that messages cause, by their time of arrival."""
    source, subscription = MemorySource(), SubscriptionState()
    subscription.changed(up=True, why="")
    readings = ReadingSource(source, subscription, CatchUp(database, look_every_s=(1e9, 1e9)), live_readings())
    directory = {"G1": Device("G1", Kind.WATERLOGGING, REGION, codec=codec)}
    evaluator = Evaluator(street_model())
    evaluator.set_sites({"S1": site("S1", "G1")})
    found: list[tuple[str, float]] = []
    for arrival_s, payload in messages:
        received = ReceivedMessage(
            f"rencheng/v1/{REGION}/waterlogging/G1/telemetry", payload, NOON + timedelta(seconds=arrival_s)
        )
        source.put_message(received)
        for reading, at in readings.read(directory, dict):
            found += [
                (one.message.level.word, (at - NOON).total_seconds())
                for one in evaluator.process_and_commit(reading, at)
                if one.message
            ]
    return found


def message(samples: Samples, codec: str) -> bytes:
    times = [NOON + timedelta(seconds=after_s) for after_s, _ in samples]
    readings = [
        WaterReading("G1", 0, time, depth_mm, mode="alarm" if codec == "sl651" else None)
        for time, (_, depth_mm) in zip(times, samples, strict=True)
    ]
    return CODECS[codec].encode(readings)


def sent(samples: Samples, codec: str, each: int = 10) -> list[tuple[float, bytes]]:
    """Return messages of so many samples, each sent a second after its newest one."""
    parts = [samples[begin : begin + each] for begin in range(0, len(samples), each)]
    return [(max(after_s for after_s, _ in part) + 1, message(part, codec)) for part in parts]


@pytest.mark.parametrize("codec", ["json", "cbor", "senml+json", "senml+cbor", "sl651"])
@given(data=st.data())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_the_samples_of_a_message_gives_the_same_warnings_at_the_same_time(
    database: Engine, codec: str, data: st.DataObject
) -> None:
    expected = warnings(database, sent(RISING, codec), codec)
    shuffled = [data.draw(st.permutations(RISING[begin : begin + 10])) for begin in range(0, 30, 10)]

    assert [level for level, _ in expected][-1] == "red"
    assert warnings(database, sent([one for part in shuffled for one in part], codec), codec) == expected


def test_a_message_written_newest_first_raises_what_it_shows(database: Engine) -> None:
    case = json.loads(field_case("json_array_newest_first.json"))
    first = NOON - datetime.fromisoformat(case[-1]["time"])
    moved = [item | {"time": (datetime.fromisoformat(item["time"]) + first).isoformat()} for item in case]
    both = [
        warnings(database, [(95, json.dumps(items).encode())])
        for items in (moved, sorted(moved, key=lambda i: i["time"]))
    ]

    assert both[0] == both[1] != []


def test_messages_of_one_batch_are_evaluated_in_order_of_their_samples(database: Engine) -> None:
    """A device that sends its backlog newest first, one sample a message."""
    source, subscription = MemorySource(), SubscriptionState()
    subscription.changed(up=True, why="")
    readings = ReadingSource(source, subscription, CatchUp(database, look_every_s=(1e9, 1e9)), live_readings())
    for sample in reversed(RISING[:5]):
        source.put_message(
            ReceivedMessage(
                f"rencheng/v1/{REGION}/waterlogging/G1/telemetry",
                message([sample], "json"),
                NOON + timedelta(seconds=60),
            )
        )

    found = readings.read({"G1": Device("G1", Kind.WATERLOGGING, REGION)}, dict)
    assert [reading.depth_mm for reading, _ in found] == [25, 50, 75, 100, 125]


# A clock that counts minutes

RISING_WITHIN_A_MINUTE = [(5.0, 60), (12.0, 120), (20.0, 180), (29.0, 260), (37.0, 340), (45.0, 410)]


def in_one_minute(samples: Sequence[tuple[float, int]], codec: str) -> list[tuple[float, bytes]]:
    return [(arrival_s, message([(0.0, float(depth_mm))], codec)) for arrival_s, depth_mm in samples]


@pytest.mark.parametrize("codec", ["json", "cbor", "senml+json", "senml+cbor"])
def test_water_that_rises_within_a_minute_of_the_devices_clock_is_evaluated_when_it_arrives(
    database: Engine, codec: str
) -> None:
    found = warnings(database, in_one_minute(RISING_WITHIN_A_MINUTE, codec), codec)

    assert {"red", "orange"} <= {level for level, _ in found}
    assert next(at for level, at in found if level == "red") <= 45.0


def test_a_whole_minute_in_one_message_is_evaluated(database: Engine) -> None:
    samples = [(0.0, float(depth_mm)) for _, depth_mm in RISING_WITHIN_A_MINUTE]
    results = [warnings(database, [(50.0, message(order, "json"))]) for order in (samples, samples[::-1])]

    assert results[0] == results[1]
    assert results[0][-1][0] == "red"


@pytest.mark.parametrize(
    "samples",
    [
        [(1.0, 12), (2.0, 12), (3.0, 12)],
        [(1.0, 12), (2.0, 18)],
        [(1.0, 5), (70.0, 300), (71.0, 300), (72.0, 310)],
    ],
    ids=["sent again", "rounded in two ways", "a later contradiction"],
)
def test_a_repetition_or_a_small_difference_of_one_minute_raises_nothing(
    database: Engine, samples: list[tuple[float, int]]
) -> None:
    assert warnings(database, in_one_minute(samples, "json")) == []
