"""Who is shed, and who is not: by the rules alone."""

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
from services.ingest.processing.quotas import BACKLOG_BURST_S, LIVE_BURST_S, RETRY_MARGIN_S, Quotas

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


def refused(name: str, reason: RejectionReason, *, readings: int = 1) -> IntakeResult:
    return replace(message(name), rejections=(Rejection(-1, reason, "?", readings=readings),))


def reasons(batch: list[IntakeResult]) -> Counter[RejectionReason]:
    return Counter(refusal.reason for admitted in batch for refusal in admitted.rejections)


def passed(batch: list[IntakeResult]) -> int:
    return sum(len(admitted.readings) for admitted in batch)


def apply(quotas: Quotas, batch: list[IntakeResult], *, after_s: float = 0) -> list[IntakeResult]:
    return quotas.enforce(batch, DIRECTORY, now=NOW + timedelta(seconds=after_s), now_s=1e5 + after_s)


def test_a_device_that_floods_is_shed_and_its_neighbour_is_not() -> None:
    batch = [message(name, 0.1) for number in range(1000) for name in ("mad", "calm")[: 1 + (number % 10 == 0)]]
    judged = apply(Quotas(per_minute=PER_MINUTE), batch)

    assert passed([admitted for admitted in judged if admitted.device_id == "calm"]) == 100
    assert passed([admitted for admitted in judged if admitted.device_id == "mad"]) == LIVE_BURST_S + 1
    assert sum(admitted.count for admitted in judged) == len(batch)
    assert {refusal.reason for admitted in judged for refusal in admitted.rejections} == {RejectionReason.QUOTA}


def test_who_is_shed_is_told_when_to_come_back_and_then_has_room_for_more_than_one_reading() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    shed = apply(quotas, [message("mad", 0.1) for _ in range(300)])[-1].rejections[0]
    assert shed.retry_after_s is not None
    back = apply(quotas, [message("mad", 0.1) for _ in range(300)], after_s=shed.retry_after_s)

    assert RETRY_MARGIN_S < shed.retry_after_s <= RETRY_MARGIN_S + 1
    assert passed(back) == pytest.approx(RETRY_MARGIN_S + 1, abs=1)


def test_a_backlog_is_not_a_flood_and_holds_no_live_reading_up() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    backlog = [message("mad", 3600.0 + number) for number in range(5000)]

    assert passed(apply(quotas, backlog)) == 5000
    assert passed(apply(quotas, [message("mad", 0.1)])) == 1


def test_old_sample_times_do_not_make_a_flood_endless() -> None:
    batch = [message("mad", *[3600.0] * 100)] * 250

    assert passed(apply(Quotas(per_minute=PER_MINUTE), batch)) == pytest.approx(BACKLOG_BURST_S * 10, abs=100)


def test_a_buffered_upload_with_a_live_reading_at_its_end_does_not_use_up_the_live_quota() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    apply(quotas, [message("mad", *(10.0 * number for number in range(4000)))])

    assert passed(apply(quotas, [message("mad", 0.1) for _ in range(150)])) == 150


def test_a_backlog_does_not_pass_behind_one_live_reading() -> None:
    batch = [message("mad", 0.1, *(3600.0 + number for number in range(1000)))] * 50

    assert passed(apply(Quotas(per_minute=PER_MINUTE), batch)) == pytest.approx(BACKLOG_BURST_S * 10, abs=1100)


def test_what_cannot_be_read_and_what_strangers_send_is_limited_too() -> None:
    broken = [refused("mad", RejectionReason.UNDECODABLE)] * 1000
    strangers = [refused(f"nobody-{number}", RejectionReason.UNKNOWN_DEVICE, readings=1000) for number in range(200)]
    quotas = Quotas(per_minute=PER_MINUTE)

    assert reasons(apply(quotas, broken))[RejectionReason.UNDECODABLE] == LIVE_BURST_S + 1
    assert reasons(apply(quotas, strangers))[RejectionReason.UNKNOWN_DEVICE] == pytest.approx(180, abs=1)
    assert len(quotas._live_paid_at) == 2


def test_an_exercise_plays_at_any_speed() -> None:
    assert passed(apply(Quotas(per_minute=PER_MINUTE), [message("played", 0.0) for _ in range(5000)])) == 5000


def test_a_profile_names_its_own_quota() -> None:
    batch = [message("wide", 0.1) for _ in range(20_000)]

    assert passed(apply(Quotas(per_minute=PER_MINUTE), batch)) == 100 * LIVE_BURST_S + 1


def test_what_was_shed_of_a_topic_is_one_refusal_with_the_first_message() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    apply(quotas, [message("mad", 0.1)] * 300)
    first, last = message("mad", 0.1, 0.1), message("mad", 0.1)
    (shed,) = apply(quotas, [first, last, last])

    assert (shed.message, shed.readings, shed.count) == (first.message, (), 4)
    assert [(refusal.position, refusal.readings) for refusal in shed.rejections] == [(-1, 4)]


def walk(quotas: Quotas, batch: list[IntakeResult], *, after_s: float) -> list[IntakeResult]:
    """As ingest does it; what is read of a message is what it was made of."""
    by_message = {id(admitted.message): admitted for admitted in batch}
    read = quotas.drop_flooding([admitted.message for admitted in batch], now_s=1e5 + after_s)
    return apply(quotas, [by_message[id(message)] for message in read], after_s=after_s)


def test_a_flood_is_not_even_read_for_a_second_and_every_message_of_it_counts() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    first = walk(quotas, [message("mad", 0.1) for _ in range(300)], after_s=0)
    unread = walk(quotas, [message("mad", 0.1, 0.1) for _ in range(50)] + [message("calm", 0.1)], after_s=0.9)
    later = walk(quotas, [message("mad", 0.1) for _ in range(50)], after_s=1.1)

    assert passed(first) == LIVE_BURST_S + 1
    assert [(admitted.device_id, admitted.count, passed([admitted])) for admitted in unread] == [
        ("calm", 1, 1),
        ("mad", 50, 0),
    ]
    assert passed(later) == 1
    assert walk(quotas, [message("mad", 0.1)], after_s=20)[0].readings  # fifty were too few to stop reading


def test_a_flood_of_broken_states_does_not_hide_a_state() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    broken = refused("mad", RejectionReason.UNDECODABLE)
    at_state = replace(broken.message, topic=broken.message.topic.replace("telemetry", "state"))
    walk(quotas, [replace(broken, message=at_state) for _ in range(500)], after_s=0)

    assert quotas.drop_flooding([at_state], now_s=1e5) == [at_state]


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 300)), max_size=12))
def test_whatever_floods_every_message_is_in_the_account_and_the_quota_is_neither_more_nor_less(
    steps: list[tuple[float, int]],
) -> None:
    """Property: unread or not, all is counted; and who floods on still gets its quota, a second late at most."""
    quotas, now_s, sent, judged = Quotas(per_minute=PER_MINUTE), 0.0, 0, list[IntakeResult]()
    for pause_s, number in steps:
        now_s += pause_s
        sent += number
        judged += walk(quotas, [message("mad", 0.1, at=NOW + timedelta(seconds=now_s))] * number, after_s=now_s)
    assert sum(admitted.count for admitted in judged) == sent
    assert passed(judged) <= LIVE_BURST_S + 1 + now_s * PER_MINUTE / 60 + 1e-6
    last = walk(quotas, [message("mad", 0.1, at=NOW + timedelta(seconds=now_s + 2))] * 50, after_s=now_s + 2)
    assert passed(last) >= 1


def test_a_state_is_never_shed() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    apply(quotas, [message("mad", 0.1) for _ in range(300)])
    state = message("mad")

    assert apply(quotas, [state]) == [state]


def test_who_left_the_registry_is_forgotten() -> None:
    quotas = Quotas(per_minute=PER_MINUTE)
    directory = {f"G{number}": Device(f"G{number}", Kind.WATERLOGGING, REGION) for number in range(2000)}
    quotas.enforce([message(name, 0.1) for name in directory], directory, now=NOW, now_s=0)
    apply(quotas, [])

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
    """Property: with arrays of ten, the live readings let through lie within one array of what a bucket would allow."""
    quotas, now_s, debt_s = Quotas(per_minute=PER_MINUTE), 0.0, 0.0
    for pause_s, arrays, as_one_batch in steps:
        now_s, debt_s = now_s + pause_s, max(0.0, debt_s - pause_s)
        at = NOW + timedelta(seconds=now_s)
        uploads = [message("mad", *[0.1] * 10, at=at)] * arrays
        parts = [uploads] if as_one_batch else [[upload] for upload in uploads]
        heard = sum(passed(apply(quotas, part, after_s=now_s)) for part in parts)
        debt_s += heard
        room = LIVE_BURST_S - (debt_s - heard)

        assert debt_s <= LIVE_BURST_S + 10 + 1e-6
        assert heard >= min(arrays * 10, room - 1e-6)
