"""A fleet is reproducible by its seed; what it expects of a message is what the platform's own intake makes of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from device_sims.fleet.plan import FaultRates, FleetPart, FleetPlan
from device_sims.fleet.schedule import ExpectedResult, ScheduledMessage, reconnect_storms, scheduled_messages
from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.reading import MeterValue, Reading, SignalEvent
from rencheng.intake import IntakeResult, admit

BEGAN = datetime(2026, 7, 20, 8, tzinfo=UTC)
SOME = 60

shares = st.floats(0, 0.3)
faults = st.builds(
    FaultRates,
    duplicate=shares,
    late=shares,
    bad_json=shares,
    wrong_unit=shares,
    stuck=shares,
    spiking=shares,
    skewed=shares,
    storm_every_s=st.floats(0.1, 60),
    storm_share=st.floats(0, 1),
)
parts = st.tuples(
    *(st.builds(FleetPart, st.just(kind), st.integers(0, 20), st.integers(1000, 20_000_000)) for kind in Kind)
).filter(lambda parts: any(part.devices for part in parts))
plans = st.builds(FleetPlan, st.integers(0, 2**32), st.just(BEGAN), parts, faults)


def some(plan: FleetPlan) -> list[ScheduledMessage]:
    return list(islice(scheduled_messages(plan), SOME))


def taken_in(plan: FleetPlan, message: ScheduledMessage) -> IntakeResult:
    """What intake makes of a message that comes in time."""
    members = plan.members()
    directory = {m.device_id: Device(m.device_id, m.kind, m.region) for m in members}
    received_at = plan.began_at + timedelta(microseconds=message.due_us)
    return admit(ReceivedMessage(members[message.device].topic, message.payload, received_at), directory, ClockLimits())


def key_of(reading: Reading) -> str:
    time = reading.time.isoformat(timespec="microseconds")
    if isinstance(reading, SignalEvent):
        return f"{time};{reading.event_id};{reading.parameter}"
    if isinstance(reading, MeterValue):
        return f"{time};{reading.connector_id};{reading.transaction_id};{reading.measurand}"
    return f"{time};{reading.channel}"


@given(plans)
def test_the_same_seed_gives_the_same_bytes_and_storms(plan: FleetPlan) -> None:
    assert some(plan) == some(plan)
    assert list(islice(reconnect_storms(plan, 30), 20)) == list(islice(reconnect_storms(plan, 30), 20))


@given(plans)
def test_messages_come_in_order_of_time(plan: FleetPlan) -> None:
    due = [message.due_us for message in some(plan)]

    assert due == sorted(due)


@given(plans)
def test_intake_makes_of_each_message_what_the_fleet_expects(plan: FleetPlan) -> None:
    for message in some(plan):
        admitted = taken_in(plan, message)
        if message.expect is ExpectedResult.QUARANTINED:
            assert len(admitted.rejections) == 1
            assert not admitted.readings
        else:
            assert admitted.rejections == ()
            assert [key_of(reading) for reading in admitted.readings] == [message.key]


@given(plans)
def test_a_key_is_new_once_and_then_repeated_word_for_word(plan: FleetPlan) -> None:
    payload_of: dict[tuple[int, str], bytes] = {}
    for message in some(plan):
        key = message.device, message.key
        if message.expect is ExpectedResult.DUPLICATE:
            assert payload_of[key] == message.payload
        else:
            assert key not in payload_of
            payload_of[key] = message.payload


def test_another_seed_tells_another_story() -> None:
    parts = (FleetPart(Kind.WATERLOGGING, 20, 1_000_000),)
    one, other = (some(FleetPlan(seed, BEGAN, parts, FaultRates(late=0.1))) for seed in (1, 2))

    assert one != other


def test_a_province_has_the_rates_that_were_set_and_every_fault_about_as_often_as_asked() -> None:
    parts = (
        FleetPart(Kind.CHARGING, 600, 10_000_000),
        FleetPart(Kind.SIGNAL, 100, 1_000_000),
        FleetPart(Kind.WATERLOGGING, 50, 10_000_000),
    )
    plan = FleetPlan(7, BEGAN, parts, FaultRates(duplicate=0.1, bad_json=0.05, wrong_unit=0.05))
    in_a_minute = [e for e in islice(scheduled_messages(plan), 20_000) if e.due_us < 60_000_000]
    made = Counter(message.expect for message in in_a_minute)

    assert plan.per_s == 165
    assert made[ExpectedResult.STORED] + made[ExpectedResult.QUARANTINED] == 165 * 60
    assert 0.08 < made[ExpectedResult.QUARANTINED] / (165 * 60) < 0.12
    assert 0.03 < made[ExpectedResult.DUPLICATE] / (165 * 60) < 0.1  # half of the last minute's are still to come
