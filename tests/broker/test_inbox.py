import threading
import time
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rencheng.intake import InboundPayload
from rencheng.messaging.inbox import AckHandle, InboundMessage, Inbox

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)


def delivery(number: int, size: int = 1) -> InboundMessage:
    return InboundMessage(InboundPayload("t", b"x" * size, NOON), AckHandle(1, number))


def ids(deliveries: list[InboundMessage]) -> list[int]:
    return [one.ack.packet_id for one in deliveries]


steps = st.lists(
    st.tuples(st.just("put"), st.integers(0, 12))
    | st.tuples(st.just("take"), st.integers(0, 5))
    | st.just(("clear", 0)),
    max_size=40,
)


@given(steps)
def test_it_is_a_queue_within_bounds_of_number_and_size(steps: list[tuple[str, int]]) -> None:
    inbox, model = Inbox(messages_max=6, bytes_max=20), list[tuple[int, int]]()
    for number, (step, amount) in enumerate(steps):
        held = sum(size for _, size in model)
        match step:
            case "put":
                fits = not model or (len(model) < 6 and held + amount <= 20)
                assert inbox.put([delivery(number, amount)]) is fits
                model += [(number, amount)] * fits
            case "take":
                taken = inbox.take(messages_max=amount, wait_s=0)
                assert ids(taken) == [n for n, _ in model[:amount]]
                del model[:amount]
            case "clear":
                inbox.clear()
                model.clear()

        assert len(inbox) == len(model)
        assert sum(size for _, size in model) <= 20


def test_a_take_ends_with_the_message_that_reaches_the_size() -> None:
    inbox = Inbox()
    for number in range(5):
        inbox.put([delivery(number, 10)])

    assert ids(inbox.take(messages_max=9, wait_s=0, bytes_max=15)) == [0, 1]
    assert ids(inbox.take(messages_max=9, wait_s=0, bytes_max=10)) == [2]
    assert ids(inbox.take(messages_max=9, wait_s=0)) == [3, 4]


def test_a_message_larger_than_the_inbox_is_taken_alone() -> None:
    inbox = Inbox(bytes_max=5)

    assert [inbox.put([delivery(1, 100)]), inbox.put([delivery(2, 1)])] == [True, False]
    assert ids(inbox.take(messages_max=9, wait_s=0)) == [1]


def test_a_take_waits_for_the_first_and_not_for_ever() -> None:
    inbox = Inbox()
    begun = time.monotonic()
    empty = inbox.take(messages_max=9, wait_s=0.1)
    waited_s = time.monotonic() - begun
    threading.Timer(0.1, inbox.put, [[delivery(1)]]).start()

    assert empty == []
    assert 0.1 <= waited_s < 2
    assert ids(inbox.take(messages_max=9, wait_s=20)) == [1]


def test_a_put_waits_for_room_and_not_for_ever() -> None:
    inbox = Inbox(messages_max=1)
    inbox.put([delivery(1)])
    refused = inbox.put([delivery(2)], wait_s=0.05)
    threading.Timer(0.1, inbox.take, kwargs={"messages_max": 1, "wait_s": 0}).start()

    assert refused is False
    assert inbox.put([delivery(3)], wait_s=20) is True
    assert ids(inbox.take(messages_max=9, wait_s=0)) == [3]


def test_several_are_taken_in_as_far_as_there_is_room_and_the_rest_is_left() -> None:
    inbox = Inbox(messages_max=3)

    assert inbox.put([delivery(number) for number in range(5)]) is False
    assert ids(inbox.take(messages_max=9, wait_s=0)) == [0, 1, 2]


def test_a_put_of_several_goes_on_as_the_reader_makes_room() -> None:
    inbox, taken = Inbox(messages_max=2), list[int]()

    def read() -> None:
        while len(taken) < 7:
            taken.extend(ids(inbox.take(messages_max=1, wait_s=20)))

    reader = threading.Thread(target=read)
    reader.start()

    assert inbox.put([delivery(number) for number in range(7)], wait_s=20) is True
    reader.join(20)
    assert taken == list(range(7))
