"""What devices are told: by the rules alone."""

import re
import threading
import time
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


def refuse(
    name: str, payload: bytes, reason: RejectionReason = RejectionReason.INVALID, **more: float
) -> QuarantineRecord:
    return QuarantineRecord(topic(name), payload, 0, reason, "depth_mm: no number", name, "actual", NOW, **more)  # type: ignore[arg-type]


def told(answers: PendingReplies, *, at_s: float, at_most: int = 100) -> dict[str, ReceiptDocument]:
    return {to: decode_receipt(payload) for to, payload in answers.due(now_s=at_s, time=NOW, at_most=at_most)}


def test_who_asked_is_told_what_is_settled_and_nobody_else() -> None:
    answers = PendingReplies()
    answers.add([stored("K0", b"one"), stored("plain", b"two"), stored("K0", b"three")], [], DIRECTORY)

    assert told(answers, at_s=0) == {
        topic("K0", "reply"): ReceiptDocument(time=NOW, settled=[message_id(b"one"), message_id(b"three")])
    }


def test_a_keep_alive_is_settled_as_a_reading_is_and_a_state_is_not_named() -> None:
    online = DeviceState("K0", online=True, received_at=NOW)
    alive, state = (ReceivedMessage(topic("K0", channel), channel.encode(), NOW) for channel in ("telemetry", "state"))
    answers = PendingReplies()
    answers.add([IntakeResult(message, state=online, device_id="K0") for message in (alive, state)], [], DIRECTORY)

    assert told(answers, at_s=0)[topic("K0", "reply")].settled == [message_id(b"telemetry")]


def test_a_refusal_is_told_to_every_device_that_is_registered_and_in_service() -> None:
    answers = PendingReplies()
    refused = [refuse(name, b"odd") for name in ("plain", "gone", "nobody")]
    answers.add([], refused, DIRECTORY)
    documents = told(answers, at_s=0)

    assert list(documents) == [topic("plain", "reply")]
    (rejected,) = documents[topic("plain", "reply")].rejected
    assert (rejected.message, rejected.position, rejected.reason) == (message_id(b"odd"), 0, RejectionReason.INVALID)
    assert rejected.detail == "depth_mm: no number"


def test_what_was_shed_is_not_settled_and_its_device_is_told_when_to_come_back() -> None:
    shed = IntakeResult(
        ReceivedMessage(topic("K0"), b"flood", NOW),
        rejections=(Rejection(-1, RejectionReason.QUOTA, "beyond", readings=20, retry_after_s=7.0),),
        device_id="K0",
    )
    answers = PendingReplies()
    answers.add([shed], [refuse("K0", b"flood", RejectionReason.QUOTA, times=20, retry_after_s=7.0)], DIRECTORY)
    document = told(answers, at_s=0)[topic("K0", "reply")]

    assert document.settled == []
    assert document.shed is not None
    assert (document.shed.readings, document.shed.retry_after_s) == (20, 7.0)


def test_a_device_is_answered_once_in_a_round_with_all_that_gathered() -> None:
    answers = PendingReplies(round_s=1)
    for number in range(50):
        answers.add([stored("K0", b"%d" % number)], [], DIRECTORY)
        documents = told(answers, at_s=number / 100)
        assert len(documents) == (number == 0)

    assert len(told(answers, at_s=1.0)[topic("K0", "reply")].settled) == 49


def test_of_many_refusals_the_first_are_explained_and_the_others_counted() -> None:
    answers = PendingReplies()
    answers.add([], [refuse("plain", b"%d" % number) for number in range(1000)], DIRECTORY)
    document = told(answers, at_s=0)[topic("plain", "reply")]

    assert (len(document.rejected), document.rejected_more) == (REJECTED_MAX, 1000 - REJECTED_MAX)


def test_a_device_that_never_stops_is_bounded_and_what_is_not_named_is_counted() -> None:
    answers = PendingReplies()
    unnamed = answers.add([stored("K0", b"%d" % number) for number in range(SETTLED_MAX + 5)], [], DIRECTORY)

    assert unnamed == 5
    assert len(told(answers, at_s=0)[topic("K0", "reply")].settled) == SETTLED_MAX


def test_what_is_owed_to_all_devices_together_is_bounded() -> None:
    directory = {f"G{n}": Device(f"G{n}", Kind.WATERLOGGING, REGION, receipts=True) for n in range(2500)}
    answers = PendingReplies()
    for name in directory:
        answers.add([stored(name, b"x")] * (2 * PENDING_MAX // 2500), [], directory)
        answers.add([], [refuse(name, b"x")] * REJECTED_MAX, directory)

    assert answers._pending == PENDING_MAX
    assert answers._explained == EXPLAINED_MAX
    assert len(answers.due(now_s=0, time=NOW, at_most=3000)) == 2500
    assert (answers._pending, answers._explained) == (0, 0)


@pytest.mark.parametrize("payload", [b'{"type":"reply","command_id":"7"}', b"\xff", b'{"time":"2026-07-20T16:00:00"}'])
def test_a_device_own_reply_to_a_command_is_no_receipt(payload: bytes) -> None:
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
def test_each_settled_message_is_named_to_its_device_once_however_the_answers_go_out(
    steps: list[tuple[str, bytes] | tuple[float, int]],
) -> None:
    answers, now_s = PendingReplies(round_s=1), 0.0
    noted: Counter[tuple[str, str]] = Counter()
    named: Counter[tuple[str, str]] = Counter()

    def take(at_most: int) -> None:
        for to, document in told(answers, at_s=now_s, at_most=at_most).items():
            named.update((to, name) for name in document.settled)

    for step in steps:
        if isinstance(step[1], bytes):
            name, payload = str(step[0]), step[1]
            answers.add([stored(name, payload)], [], DIRECTORY)
            noted[topic(name, "reply"), message_id(payload)] += 1
        else:
            now_s += float(step[0])
            take(step[1])
        assert named <= noted
    for _ in range(5):
        now_s += 1
        take(3)
    assert named == noted


def test_the_example_that_firmware_is_written_after_is_a_receipt() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/build-a-device.md").read_text(encoding="utf-8")
    (example,) = re.findall(r'^    (\{"type":"receipt".*?\})\n\n', page, re.DOTALL | re.MULTILINE)
    receipt = decode_receipt(example.encode())

    assert receipt.rejected[0].message in receipt.settled


def test_an_answer_that_cannot_be_told_keeps_no_other_device_waiting() -> None:
    answers, told, heard = PendingReplies(round_s=0.0), [], threading.Event()

    def tell(topic: str, _payload: bytes) -> bool:
        if "K0" in topic:
            raise ValueError(topic)
        told.append(topic)
        heard.set()
        return True

    with ReplyPublisher(answers, tell, per_s=100):
        for name in KEEPERS[:2]:
            answers.add([stored(name, b"1")], [], DIRECTORY)
            time.sleep(0.15)
        assert heard.wait(10)

    assert told == [topic("K1", "reply")]
