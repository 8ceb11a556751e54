"""Workers commit in any order; messages are acknowledged in the order of arrival, and never before their commit."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from rencheng.messaging.source import AckHandle
from services.ingest.partitions.ack_tracker import AckTracker, PendingAck


@dataclass(frozen=True)
class NumberedHandle(AckHandle):
    number: int


def pending_ack(first: int, messages: int, items: int, size_bytes: int = 1) -> PendingAck:
    return PendingAck([NumberedHandle(first + number) for number in range(messages)], size_bytes, items)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), max_size=8), st.randoms())
def test_the_longest_committed_beginning_is_acknowledged(sizes: list[tuple[int, int]], dice: object) -> None:
    acked: list[int] = []

    def ack(handles: Sequence[AckHandle]) -> None:
        acked.extend(one.number for one in handles if isinstance(one, NumberedHandle))

    tracker, all_pending, first = AckTracker(ack), list[PendingAck](), 0
    for messages, items in sizes:
        all_pending.append(pending_ack(first, messages, items))
        assert tracker.track(all_pending[-1], wait_s=0)
        first += messages
    left = [one for one in all_pending for _ in range(one.open_items)]
    dice.shuffle(left)  # type: ignore[attr-defined]
    for one in left:
        tracker.complete(one)
        beginning = 0
        for waiting in all_pending:
            if waiting.open_items:
                break
            beginning += len(waiting.handles)
        assert acked == list(range(beginning))

    assert acked == list(range(first))
    assert tracker.wait_until_empty(wait_s=0)


def test_no_more_is_accepted_than_there_is_space_for_and_one_is_always() -> None:
    tracker = AckTracker(lambda _handles: None, messages_max=3, bytes_max=10)
    large, small = pending_ack(0, 1, 1, size_bytes=99), pending_ack(1, 3, 1)

    assert tracker.track(large, wait_s=0)
    assert not tracker.track(small, wait_s=0.01)
    tracker.complete(large)
    assert tracker.track(small, wait_s=0)
    threading.Timer(0.1, tracker.complete, [small]).start()
    assert tracker.track(pending_ack(4, 1, 1), wait_s=20)
