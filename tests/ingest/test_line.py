"""However slots settle, the broker is told in the order of arrival, and never of what is not settled."""

import threading
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rencheng.messaging.inbox import AckHandle
from services.ingest.partitions.ack_tracker import AckTracker, PendingAck


def ticket(first: int, messages: int, shares: int, size_bytes: int = 1) -> PendingAck:
    return PendingAck([AckHandle(1, first + number) for number in range(messages)], size_bytes, shares)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), max_size=8), st.randoms())
def test_acknowledged_is_the_longest_settled_beginning(sizes: list[tuple[int, int]], dice: object) -> None:
    told: list[int] = []

    def acknowledge(receipts: Sequence[AckHandle]) -> None:
        told.extend(one.packet_id for one in receipts)

    line, tickets, first = AckTracker(acknowledge), list[PendingAck](), 0
    for messages, shares in sizes:
        tickets.append(ticket(first, messages, shares))
        assert line.track(tickets[-1], wait_s=0)
        first += messages
    left = [one for one in tickets for _ in range(one.open_items)]
    dice.shuffle(left)  # type: ignore[attr-defined]
    for one in left:
        line.complete(one)
        beginning = 0
        for waiting in tickets:
            if waiting.open_items:
                break
            beginning += len(waiting.acks)
        assert told == list(range(beginning))

    assert told == list(range(first))
    assert line.wait_until_empty(wait_s=0)


def test_no_more_is_let_in_than_there_is_room_for_and_one_is_always() -> None:
    line = AckTracker(lambda _receipts: None, messages_max=3, bytes_max=10)
    large, small = ticket(0, 1, 1, size_bytes=99), ticket(1, 3, 1)

    assert line.track(large, wait_s=0)
    assert not line.track(small, wait_s=0.01)
    line.complete(large)
    assert line.track(small, wait_s=0)
    threading.Timer(0.1, line.complete, [small]).start()
    assert line.track(ticket(4, 1, 1), wait_s=20)
