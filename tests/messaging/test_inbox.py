"""A bounded queue, held against a model."""

import threading
import time
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.message import ReceivedMessage
from rencheng.messaging.inbox import Inbox
from rencheng.messaging.source import AckHandle, InboundMessage

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)


def message(number: int, size: int = 1) -> InboundMessage:
    return InboundMessage(ReceivedMessage(str(number), b"x" * size, NOON), AckHandle())


def numbers(messages: list[InboundMessage]) -> list[int]:
    return [int(one.message.topic) for one in messages]


steps = st.lists(
    st.tuples(st.just("put"), st.integers(0, 12))
    | st.tuples(st.just("take"), st.integers(0, 5))
    | st.just(("clear", 0)),
    max_size=40,
)


@given(steps)
def test_it_is_a_queue_bounded_by_number_and_size(steps: list[tuple[str, int]]) -> None:
    inbox, model = Inbox(messages_max=6, bytes_max=20), list[tuple[int, int]]()
    for number, (step, amount) in enumerate(steps):
        held = sum(size for _, size in model)
        match step:
            case "put":
                fits = not model or (len(model) < 6 and held + amount <= 20)
                assert inbox.put([message(number, amount)]) is fits
                model += [(number, amount)] * fits
            case "take":
                taken = inbox.take(amount, 0)
                assert numbers(taken) == [n for n, _ in model[:amount]]
                del model[:amount]
            case "clear":
                inbox.clear()
                model.clear()

        assert len(inbox) == len(model)
        assert sum(size for _, size in model) <= 20


def test_a_batch_ends_with_the_message_that_reaches_the_size() -> None:
    inbox = Inbox()
    for number in range(5):
        inbox.put([message(number, 10)])

    assert numbers(inbox.take(9, 0, bytes_max=15)) == [0, 1]
    assert numbers(inbox.take(9, 0, bytes_max=10)) == [2]
    assert numbers(inbox.take(9, 0)) == [3, 4]


def test_a_message_larger_than_the_inbox_is_accepted_alone() -> None:
    inbox = Inbox(bytes_max=5)

    assert [inbox.put([message(1, 100)]), inbox.put([message(2, 1)])] == [True, False]
    assert numbers(inbox.take(9, 0)) == [1]


def test_a_take_waits_for_the_first_and_not_for_ever() -> None:
    inbox = Inbox()
    begun = time.monotonic()
    empty = inbox.take(9, 0.1)
    waited_s = time.monotonic() - begun
    threading.Timer(0.1, inbox.put, [[message(1)]]).start()

    assert empty == []
    assert 0.1 <= waited_s < 2
    assert numbers(inbox.take(9, 20)) == [1]


def test_a_put_waits_for_space_and_not_for_ever() -> None:
    inbox = Inbox(messages_max=1)
    inbox.put([message(1)])
    refused = inbox.put([message(2)], wait_s=0.05)
    threading.Timer(0.1, inbox.take, [1, 0]).start()

    assert refused is False
    assert inbox.put([message(3)], wait_s=20) is True
    assert numbers(inbox.take(9, 0)) == [3]


def test_messages_are_accepted_while_there_is_space_and_the_rest_is_left() -> None:
    inbox = Inbox(messages_max=3)

    assert inbox.put([message(number) for number in range(5)]) is False
    assert numbers(inbox.take(9, 0)) == [0, 1, 2]


def test_a_put_of_several_goes_on_as_the_reader_makes_space() -> None:
    inbox, taken = Inbox(messages_max=2), list[int]()

    def read() -> None:
        while len(taken) < 7:
            taken.extend(numbers(inbox.take(1, 20)))

    reader = threading.Thread(target=read)
    reader.start()

    assert inbox.put([message(number) for number in range(7)], wait_s=20) is True
    reader.join(20)
    assert taken == list(range(7))
