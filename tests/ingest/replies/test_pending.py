"""The content of replies, without servers."""

import re
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.receipts import ReceiptDocument, decode_receipt
from rencheng.domain.device import Device, DeviceState
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.reading import WaterReading
from rencheng.domain.receipt import message_id
from rencheng.intake import IntakeResult, Rejection
from rencheng.store.quarantine.record import QuarantineRecord
from services.ingest.replies.pending import EXPLAINED_MAX, PENDING_MAX, REJECTED_MAX, SETTLED_MAX, PendingReplies
from services.ingest.replies.publisher import ReplyPublisher

REGION = "370102"
NOW = datetime(2026, 7, 20, 16, tzinfo=UTC)
KEEPERS = tuple(f"K{number}" for number in range(3))
DIRECTORY = {name: Device(name, Kind.WATERLOGGING, REGION, receipts=True) for name in KEEPERS}
DIRECTORY["plain"] = Device("plain", Kind.WATERLOGGING, REGION)
DIRECTORY["gone"] = Device("gone", Kind.WATERLOGGING, REGION, receipts=True, retired_at=NOW)


def topic(name: str, channel: str = "telemetry") -> str:
    return f"rencheng/v1/{REGION}/waterlogging/{name}/{channel}"


def stored(name: str, payload: bytes) -> IntakeResult:
    return IntakeResult(ReceivedMessage(topic(name), payload, NOW), (WaterReading(name, 0, NOW),), device_id=name)


def rejection(
    name: str, payload: bytes, reason: RejectionReason = RejectionReason.INVALID, **more: float
) -> QuarantineRecord:
    return QuarantineRecord(topic(name), payload, 0, reason, "depth_mm: no number", name, "actual", NOW, **more)  # type: ignore[arg-type]


def due(replies: PendingReplies, *, at_s: float, at_most: int = 100) -> dict[str, ReceiptDocument]:
    return {to: decode_receipt(payload) for to, payload in replies.due(now_s=at_s, time=NOW, at_most=at_most)}


def test_a_device_with_receipts_gets_its_settled_messages_and_no_other_device_does() -> None:
    replies = PendingReplies()
    replies.add([stored("K0", b"one"), stored("plain", b"two"), stored("K0", b"three")], [], DIRECTORY)

    assert due(replies, at_s=0) == {
        topic("K0", "reply"): ReceiptDocument(time=NOW, settled=[message_id(b"one"), message_id(b"three")])
    }


def test_a_keep_alive_is_settled_like_a_reading_and_a_state_is_not_named() -> None:
    online = DeviceState("K0", online=True, received_at=NOW)
    alive, state = (ReceivedMessage(topic("K0", channel), channel.encode(), NOW) for channel in ("telemetry", "state"))
    replies = PendingReplies()
    replies.add([IntakeResult(message, state=online, device_id="K0") for message in (alive, state)], [], DIRECTORY)

    assert due(replies, at_s=0)[topic("K0", "reply")].settled == [message_id(b"telemetry")]


def test_every_device_that_is_registered_and_in_service_gets_its_rejections() -> None:
    replies = PendingReplies()
    rejections = [rejection(name, b"odd") for name in ("plain", "gone", "nobody")]
    replies.add([], rejections, DIRECTORY)
    documents = due(replies, at_s=0)

    assert list(documents) == [topic("plain", "reply")]
    (rejected,) = documents[topic("plain", "reply")].rejected
    assert (rejected.message, rejected.position, rejected.reason) == (message_id(b"odd"), 0, RejectionReason.INVALID)
    assert rejected.detail == "depth_mm: no number"


def test_a_shed_message_is_not_settled_and_its_reply_has_the_time_to_wait() -> None:
    shed = IntakeResult(
        ReceivedMessage(topic("K0"), b"flood", NOW),
        rejections=(Rejection(-1, RejectionReason.QUOTA, "beyond", readings=20, retry_after_s=7.0),),
        device_id="K0",
    )
    replies = PendingReplies()
    replies.add([shed], [rejection("K0", b"flood", RejectionReason.QUOTA, times=20, retry_after_s=7.0)], DIRECTORY)
    document = due(replies, at_s=0)[topic("K0", "reply")]

    assert document.settled == []
    assert document.shed is not None
    assert (document.shed.readings, document.shed.retry_after_s) == (20, 7.0)


def test_a_device_gets_one_reply_a_round_with_all_its_messages() -> None:
    replies = PendingReplies(round_s=1)
    for number in range(50):
        replies.add([stored("K0", b"%d" % number)], [], DIRECTORY)
        documents = due(replies, at_s=number / 100)
        assert len(documents) == (number == 0)

    assert len(due(replies, at_s=1.0)[topic("K0", "reply")].settled) == 49


def test_the_first_of_many_rejections_are_explained_and_the_others_counted() -> None:
    replies = PendingReplies()
    replies.add([], [rejection("plain", b"%d" % number) for number in range(1000)], DIRECTORY)
    document = due(replies, at_s=0)[topic("plain", "reply")]

    assert (len(document.rejected), document.rejected_more) == (REJECTED_MAX, 1000 - REJECTED_MAX)


def test_a_reply_is_bounded_and_messages_that_it_does_not_name_are_counted() -> None:
    replies = PendingReplies()
    dropped = replies.add([stored("K0", b"%d" % number) for number in range(SETTLED_MAX + 5)], [], DIRECTORY)

    assert dropped == 5
    assert len(due(replies, at_s=0)[topic("K0", "reply")].settled) == SETTLED_MAX


def test_all_pending_replies_together_are_bounded() -> None:
    directory = {f"G{n}": Device(f"G{n}", Kind.WATERLOGGING, REGION, receipts=True) for n in range(2500)}
    replies = PendingReplies()
    for name in directory:
        replies.add([stored(name, b"x")] * (2 * PENDING_MAX // 2500), [], directory)
        replies.add([], [rejection(name, b"x")] * REJECTED_MAX, directory)

    assert replies._pending == PENDING_MAX
    assert replies._explained == EXPLAINED_MAX
    assert len(replies.due(now_s=0, time=NOW, at_most=3000)) == 2500
    assert (replies._pending, replies._explained) == (0, 0)


@pytest.mark.parametrize("payload", [b'{"type":"reply","command_id":"7"}', b"\xff", b'{"time":"2026-07-20T16:00:00"}'])
def test_a_device_own_reply_to_a_command_is_not_a_receipt(payload: bytes) -> None:
    with pytest.raises(Rejected, match="not a receipt"):
        decode_receipt(payload)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(KEEPERS), st.binary(max_size=3)),
            st.tuples(st.floats(0, 2), st.integers(1, 3)),
        ),
        max_size=60,
    )
)
def test_each_settled_message_is_named_to_its_device_once_in_whatever_order_replies_go_out(
    steps: list[tuple[str, bytes] | tuple[float, int]],
) -> None:
    replies, now_s = PendingReplies(round_s=1), 0.0
    noted: Counter[tuple[str, str]] = Counter()
    named: Counter[tuple[str, str]] = Counter()

    def take(at_most: int) -> None:
        for to, document in due(replies, at_s=now_s, at_most=at_most).items():
            named.update((to, name) for name in document.settled)

    for step in steps:
        if isinstance(step[1], bytes):
            name, payload = str(step[0]), step[1]
            replies.add([stored(name, payload)], [], DIRECTORY)
            noted[topic(name, "reply"), message_id(payload)] += 1
        else:
            now_s += float(step[0])
            take(step[1])
        assert named <= noted
    for _ in range(5):
        now_s += 1
        take(3)
    assert named == noted


def test_the_example_for_firmware_developers_is_a_receipt() -> None:
    text = (Path(__file__).parents[3] / "docs/how-to/build-a-device.md").read_text(encoding="utf-8")
    (example,) = re.findall(r'^    (\{"type":"receipt".*?\})\n\n', text, re.DOTALL | re.MULTILINE)
    receipt = decode_receipt(example.encode())

    assert receipt.rejected[0].message in receipt.settled


def test_a_reply_that_cannot_be_sent_delays_no_other() -> None:
    replies, sent = PendingReplies(round_s=0.0), list[str]()
    has_failed, has_sent = threading.Event(), threading.Event()

    def publish(topic: str, _payload: bytes) -> bool:
        if "K0" in topic:
            has_failed.set()
            raise ValueError(topic)
        sent.append(topic)
        has_sent.set()
        return True

    with ReplyPublisher(replies, publish, per_s=100):
        replies.add([stored("K0", b"1")], [], DIRECTORY)
        assert has_failed.wait(10)
        replies.add([stored("K1", b"1")], [], DIRECTORY)
        assert has_sent.wait(10)

    assert sent == [topic("K1", "reply")]
