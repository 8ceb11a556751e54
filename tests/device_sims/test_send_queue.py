"""Which message goes out next: by the rules alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sims.send_queue import FRESH_S, SendPolicy, SendQueue

PACE = SendPolicy(window=3, resend_after_s=10, resend_after_max_s=100)


class Device:
    """A spool of numbers, and what goes out of it."""

    def __init__(self, backlog: int = 0, pace: SendPolicy = PACE) -> None:
        self.kept = set(range(1, backlog + 1))
        self.last = backlog
        self.sending = SendQueue(pace, self._between)

    def _between(self, after: int, before: int, at_most: int) -> list[int]:
        return [number for number in sorted(self.kept) if after < number < before][:at_most]

    def keep(self, now_s: float) -> int:
        self.last += 1
        self.kept.add(self.last)
        self.sending.add(self.last, now_s)
        return self.last

    def settle(self, number: int) -> None:
        self.kept.discard(number)
        self.sending.remove([number])


def test_the_backlog_waits_when_too_much_waits_for_receipts_and_an_alarm_does_not() -> None:
    device = Device(backlog=10)

    assert device.sending.next(0, 100) == [1, 2, 3]
    assert device.sending.next(1, 100) == []
    alarm = device.keep(2)
    assert device.sending.next(2, 100) == [alarm]
    for number in (1, 2, 3):
        device.settle(number)
    assert device.sending.next(3, 100) == [4, 5]


def test_what_nobody_confirms_is_sent_again_later_and_later() -> None:
    device = Device(backlog=1)
    sent_at = [second for second in range(1000) if device.sending.next(second, 10)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent_at)]

    assert all(least <= gap <= 1.5 * least + 1 for gap, least in zip(gaps, [10, 20, 40, 80, 100, 100], strict=False))
    device.settle(1)
    assert device.sending.next(10_000, 10) == []


def test_a_device_that_was_shed_holds_its_backlog_and_goes_on_with_what_is_fresh() -> None:
    device = Device(backlog=5)
    device.sending.hold_backlog(60)
    alarm = device.keep(10)

    assert device.sending.next(10, 10) == [alarm]
    assert device.sending.next(59, 10) == []
    assert device.sending.next(61, 10) == [alarm, 1, 2]  # the alarm is unconfirmed


def test_what_could_not_be_sent_while_it_was_fresh_turns_backlog_oldest_first() -> None:
    device = Device()
    numbers = [device.keep(second) for second in range(3)]

    assert device.sending.next(FRESH_S + 1.5, 1) == [numbers[2]]
    assert device.sending.next(FRESH_S + 1.5, 5) == numbers[:2]


@pytest.mark.parametrize("sends", [0, 1, 5, 2000])
def test_a_receipt_is_waited_for_between_one_and_one_and_a_half_times_the_plan(sends: int) -> None:
    planned_s = min(10 * 2**sends, 100)

    assert planned_s <= PACE.resend_s(sends) <= 1.5 * planned_s


@given(st.data())
def test_everything_kept_goes_out_and_nothing_twice_within_its_wait(data: st.DataObject) -> None:
    device = Device(backlog=data.draw(st.integers(0, 8)))
    now_s, sent_at = 0.0, dict[int, float]()
    for _ in range(data.draw(st.integers(0, 40))):
        now_s += data.draw(st.sampled_from([0.05, 1.0, 7.0, 130.0]))
        match data.draw(st.sampled_from(["keep", "send", "settle", "shed"])):
            case "keep":
                device.keep(now_s)
            case "settle" if sent_at:
                device.settle(data.draw(st.sampled_from(sorted(sent_at))))
            case "shed":
                device.sending.hold_backlog(now_s + 20)
            case _:
                for number in device.sending.next(now_s, data.draw(st.integers(0, 4))):
                    assert number in device.kept
                    assert now_s - sent_at.get(number, float("-inf")) >= PACE.resend_after_s
                    sent_at[number] = now_s
    for _ in range(200):
        now_s += 200.0
        for number in device.sending.next(now_s, 4):
            device.settle(number)
    assert device.kept == set()
