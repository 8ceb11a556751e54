"""Which devices are shed and which are not, without servers."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.reading import WaterReading
from rencheng.intake import IntakeResult, Rejection
from rencheng.quotas import BACKLOG_BURST_S, LIVE_BURST_S, RETRY_MARGIN_S, Quotas

REGION = "370102"
NOW = datetime(2026, 7, 20, 16, tzinfo=UTC)
PER_MINUTE = 60
DIRECTORY = {name: Device(name, Kind.WATERLOGGING, REGION) for name in ("mad", "calm")}
DIRECTORY["wide"] = Device("wide", Kind.WATERLOGGING, REGION, quota_per_minute=100 * PER_MINUTE)
DIRECTORY["played"] = Device("played", Kind.WATERLOGGING, REGION, world="drill")


def message(name: str, *ages_s: float, at: datetime = NOW) -> IntakeResult:
    device = DIRECTORY.get(name)
    readings = tuple(WaterReading(name, 0, at - timedelta(seconds=age_s), depth_mm=1.0) for age_s in ages_s)
    sent = ReceivedMessage(f"rencheng/v1/{REGION}/waterlogging/{name}/telemetry", b"", at)
    return IntakeResult(sent, readings, device_id=name, world=device.world if device else "actual")


def rejected(name: str, reason: RejectionReason, *, readings: int = 1) -> IntakeResult:
    return replace(message(name), rejections=(Rejection(-1, reason, "?", readings=readings),))


def reasons(batch: list[IntakeResult]) -> Counter[RejectionReason]:
    return Counter(rejection.reason for one in batch for rejection in one.rejections)


def passed(batch: list[IntakeResult]) -> int:
    return sum(len(one.readings) for one in batch)


def enforce(quotas: Quotas, batch: list[IntakeResult], *, after_s: float = 0) -> list[IntakeResult]:
    return quotas.enforce(batch, DIRECTORY, now=NOW + timedelta(seconds=after_s), now_s=1e5 + after_s)


def test_a_device_that_floods_is_shed_and_its_neighbour_is_not() -> None:
    batch = [message(name, 0.1) for number in range(1000) for name in ("mad", "calm")[: 1 + (number % 10 == 0)]]
    result = enforce(Quotas(per_minute=PER_MINUTE), batch)

    assert passed([one for one in result if one.device_id == "calm"]) == 100
    assert passed([one for one in result if one.device_id == "mad"]) == LIVE_BURST_S + 1
    assert sum(one.count for one in result) == len(batch)
    assert {rejection.reason for one in result for rejection in one.rejections} == {RejectionReason.QUOTA}


def test_a_shed_device_gets_a_time_to_wait_and_may_then_send_more_than_one_reading() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    shed = enforce(quotas, [message("mad", 0.1) for _ in range(300)])[-1].rejections[0]
    assert shed.retry_after_s is not None
    back = enforce(quotas, [message("mad", 0.1) for _ in range(300)], after_s=shed.retry_after_s)

    assert RETRY_MARGIN_S < shed.retry_after_s <= RETRY_MARGIN_S + 1
    assert passed(back) == pytest.approx(RETRY_MARGIN_S + 1, abs=1)


def test_a_backlog_is_not_a_flood_and_delays_no_live_reading() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    backlog = [message("mad", 3600.0 + number) for number in range(5000)]

    assert passed(enforce(quotas, backlog)) == 5000
    assert passed(enforce(quotas, [message("mad", 0.1)])) == 1


def test_old_sample_times_do_not_make_a_flood_endless() -> None:
    batch = [message("mad", *[3600.0] * 100)] * 250

    assert passed(enforce(Quotas(per_minute=PER_MINUTE), batch)) == pytest.approx(BACKLOG_BURST_S * 10, abs=100)


def test_a_buffered_upload_with_a_live_reading_at_its_end_does_not_use_up_the_live_quota() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    enforce(quotas, [message("mad", *(10.0 * number for number in range(4000)))])

    assert passed(enforce(quotas, [message("mad", 0.1) for _ in range(150)])) == 150


def test_a_backlog_does_not_pass_behind_one_live_reading() -> None:
    batch = [message("mad", 0.1, *(3600.0 + number for number in range(1000)))] * 50

    assert passed(enforce(Quotas(per_minute=PER_MINUTE), batch)) == pytest.approx(BACKLOG_BURST_S * 10, abs=1100)


def test_undecodable_messages_and_unregistered_devices_are_limited_too() -> None:
    broken = [rejected("mad", RejectionReason.UNDECODABLE)] * 1000
    unregistered = [
        rejected(f"unknown-{number}", RejectionReason.UNKNOWN_DEVICE, readings=1000) for number in range(200)
    ]
    quotas = Quotas(per_minute=PER_MINUTE)

    assert reasons(enforce(quotas, broken))[RejectionReason.UNDECODABLE] == LIVE_BURST_S + 1
    assert reasons(enforce(quotas, unregistered))[RejectionReason.UNKNOWN_DEVICE] == pytest.approx(180, abs=1)
    assert len(quotas._live_paid_at) == 2


def test_an_exercise_plays_at_any_speed() -> None:
    assert passed(enforce(Quotas(per_minute=PER_MINUTE), [message("played", 0.0) for _ in range(5000)])) == 5000


def test_a_profile_names_its_own_quota() -> None:
    batch = [message("wide", 0.1) for _ in range(20_000)]

    assert passed(enforce(Quotas(per_minute=PER_MINUTE), batch)) == 100 * LIVE_BURST_S + 1


def test_all_that_was_shed_of_a_topic_is_one_rejection_with_the_first_message() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    enforce(quotas, [message("mad", 0.1)] * 300)
    first, last = message("mad", 0.1, 0.1), message("mad", 0.1)
    (shed,) = enforce(quotas, [first, last, last])

    assert (shed.message, shed.readings, shed.count) == (first.message, (), 4)
    assert [(rejection.position, rejection.readings) for rejection in shed.rejections] == [(-1, 4)]


def walk(quotas: Quotas, batch: list[IntakeResult], *, after_s: float) -> list[IntakeResult]:
    """Drop, decode and enforce as ingest does. A message is decoded to the readings that it was made of."""
    by_message = {id(one.message): one for one in batch}
    read = quotas.drop_flooding([one.message for one in batch], now_s=1e5 + after_s)
    return enforce(quotas, [by_message[id(message)] for message in read], after_s=after_s)


def test_a_flood_is_dropped_undecoded_for_a_second_and_every_message_of_it_counts() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    first = walk(quotas, [message("mad", 0.1) for _ in range(300)], after_s=0)
    unread = walk(quotas, [message("mad", 0.1, 0.1) for _ in range(50)] + [message("calm", 0.1)], after_s=0.9)
    later = walk(quotas, [message("mad", 0.1) for _ in range(50)], after_s=1.1)

    assert passed(first) == LIVE_BURST_S + 1
    assert [(one.device_id, one.count, passed([one])) for one in unread] == [
        ("calm", 1, 1),
        ("mad", 50, 0),
    ]
    assert passed(later) == 1
    assert walk(quotas, [message("mad", 0.1)], after_s=20)[0].readings  # fifty were too few to block the topic


def test_a_flood_of_broken_states_does_not_hide_a_state() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    broken = rejected("mad", RejectionReason.UNDECODABLE)
    at_state = replace(broken.message, topic=broken.message.topic.replace("telemetry", "state"))
    walk(quotas, [replace(broken, message=at_state) for _ in range(500)], after_s=0)

    assert quotas.drop_flooding([at_state], now_s=1e5) == [at_state]


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 300)), max_size=12))
def test_under_any_flood_every_message_is_counted_and_the_quota_is_exact(
    steps: list[tuple[float, int]],
) -> None:
    """Property: all messages count, decoded or not. A flooding device still gets its quota, at most a second late."""
    quotas, now_s, sent, result = Quotas(per_minute=PER_MINUTE), 0.0, 0, list[IntakeResult]()
    for pause_s, number in steps:
        now_s += pause_s
        sent += number
        result += walk(quotas, [message("mad", 0.1, at=NOW + timedelta(seconds=now_s))] * number, after_s=now_s)
    assert sum(one.count for one in result) == sent
    assert passed(result) <= LIVE_BURST_S + 1 + now_s * PER_MINUTE / 60 + 1e-6
    last = walk(quotas, [message("mad", 0.1, at=NOW + timedelta(seconds=now_s + 2))] * 50, after_s=now_s + 2)
    assert passed(last) >= 1


def test_a_state_is_never_shed() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    enforce(quotas, [message("mad", 0.1) for _ in range(300)])
    state = message("mad")

    assert enforce(quotas, [state]) == [state]


def test_the_debts_of_removed_devices_are_dropped() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    directory = {f"G{number}": Device(f"G{number}", Kind.WATERLOGGING, REGION) for number in range(2000)}
    quotas.enforce([message(name, 0.1) for name in directory], directory, now=NOW, now_s=0)
    enforce(quotas, [])

    assert len(quotas._live_paid_at) == 0


@given(
    st.lists(
        st.tuples(st.floats(0, 60), st.integers(0, 400), st.booleans()),
        max_size=30,
    )
)
def test_over_any_time_no_more_passes_than_rate_and_burst_and_never_less(
    steps: list[tuple[float, int, bool]],
) -> None:
    """Property: with arrays of ten, the live readings that pass lie within one array of what a bucket would allow."""
    quotas, now_s, debt_s = Quotas(per_minute=PER_MINUTE), 0.0, 0.0
    for pause_s, arrays, as_one_batch in steps:
        now_s, debt_s = now_s + pause_s, max(0.0, debt_s - pause_s)
        at = NOW + timedelta(seconds=now_s)
        uploads = [message("mad", *[0.1] * 10, at=at)] * arrays
        parts = [uploads] if as_one_batch else [[upload] for upload in uploads]
        passed_now = sum(passed(enforce(quotas, part, after_s=now_s)) for part in parts)
        debt_s += passed_now
        allowed = LIVE_BURST_S - (debt_s - passed_now)

        assert debt_s <= LIVE_BURST_S + 10 + 1e-6
        assert passed_now >= min(arrays * 10, allowed - 1e-6)
