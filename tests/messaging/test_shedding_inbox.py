"""A device that floods fills only its own share of the inbox, and its newest message always comes through."""

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.message import ReceivedMessage
from rencheng.messaging.inbox import SheddingInbox
from rencheng.messaging.source import AckHandle, InboundMessage

AT = datetime(2026, 7, 20, tzinfo=UTC)
SHARE, SHARE_BYTES = 5, 100


def message(device: str, number: int, size: int = 10, region: str = "370102") -> InboundMessage:
    topic = f"rencheng/v1/{region}/waterlogging/{device}/telemetry"
    return InboundMessage(ReceivedMessage(topic, f"{number:0{size}d}".encode(), AT), AckHandle())


def inbox() -> SheddingInbox:
    return SheddingInbox(device_messages_max=SHARE, device_bytes_max=SHARE_BYTES)


def numbers(taken: list[InboundMessage], device: str) -> list[int]:
    return [int(one.message.payload) for one in taken if f"/{device}/" in one.message.topic]


def test_of_a_device_that_floods_the_first_and_the_newest_wait_and_of_others_all() -> None:
    shed: list[int] = []
    box = SheddingInbox(device_messages_max=SHARE, device_bytes_max=SHARE_BYTES, on_shed=shed.append)
    for number in range(1000):
        box.put([message("mad", number)])
        if number < SHARE:
            box.put([message("calm", number)])

    taken = box.take(10_000, 0)

    assert numbers(taken, "mad") == [0, 1, 2, 3, 4, 999]
    assert numbers(taken, "calm") == [0, 1, 2, 3, 4]
    assert sum(shed) == 1000 - 6
    assert box.take(10_000, 0) == []


def test_a_device_that_names_many_regions_has_one_share() -> None:
    box = inbox()
    box.put([message("mad", number, region=f"{number:06d}") for number in range(100)])

    assert len(box.take(10_000, 0)) == SHARE + 1


def test_one_message_of_any_size_waits() -> None:
    box = inbox()
    box.put([message("big", 1, size=4000), message("big", 2, size=4000), message("big", 3, size=4000)])

    assert numbers(box.take(10, 0), "big") == [1, 3]


PUT = st.lists(st.tuples(st.sampled_from("abc"), st.integers(6, 60)), max_size=20)
TAKE = st.integers(1, 12)


@given(st.lists(st.one_of(PUT, TAKE), max_size=30))
def test_messages_of_a_device_stay_in_order_and_the_newest_is_last(steps: list[list[tuple[str, int]] | int]) -> None:
    box, number = inbox(), 0
    sent: dict[str, list[int]] = defaultdict(list)
    taken: dict[str, list[int]] = defaultdict(list)

    def take(most: int) -> bool:
        found = box.take(most, 0)
        for one in found:
            taken[one.message.topic.split("/")[4]].append(int(one.message.payload))
        return bool(found)

    for step in steps:
        if isinstance(step, int):
            take(step)
            continue
        for device, size in step:
            number += 1
            sent[device].append(number)
            box.put([message(device, number, size=size)])
    assert len(box) <= SHARE * 3
    while take(7):
        pass

    for device, all_numbers in sent.items():
        assert taken[device] == sorted(taken[device])
        assert taken[device][-1] == all_numbers[-1]
        if len(all_numbers) <= 1:
            assert taken[device] == all_numbers


def test_an_inbox_that_is_full_forgets_what_it_left_out() -> None:
    box = SheddingInbox(device_messages_max=SHARE, device_bytes_max=SHARE_BYTES, messages_max=3)
    assert box.put([message("a", 1), message("b", 2), message("c", 3), message("d", 4), message("d", 5)]) is False
    box.take(10, 0)

    assert box.put([message("d", number) for number in range(3)])
    assert numbers(box.take(10, 0), "d") == [0, 1, 2]


def test_clearing_forgets_everything() -> None:
    box = inbox()
    box.put([message("mad", number) for number in range(100)])
    box.clear()
    box.put([message("mad", 7)])

    assert numbers(box.take(10, 0), "mad") == [7]
