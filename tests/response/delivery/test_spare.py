"""Red from memory: by the rules of the ledger, under its ids, and only what the spare list may get."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import ContactKind, DeliveryMode, DispatchState
from rencheng.response.delivery.outcome import Outcome, SendResult
from rencheng.response.delivery.spare import RedMemory, RedMessage, SpareMethod
from rencheng.response.delivery.spare_ledger import SpareLedger
from rencheng.response.delivery.subscription import SubscribedMethod
from tests.support.decisions import decided_document

AT = datetime(2026, 7, 20, tzinfo=UTC)
EARLIER = datetime(2020, 1, 1, tzinfo=UTC)


def received(memory: RedMemory, *messages: tuple[str, int, Level, bool]) -> list[RedMessage]:
    for site, sequence, level, ends in messages:
        memory.receive(json.dumps(decided_document(site, sequence, level, ends=ends)).encode(), AT)
    return memory.since(AT)


def method(kind: ContactKind = ContactKind.WEBHOOK, **filters: Any) -> SpareMethod:
    mode = DeliveryMode.EVERY if kind is ContactKind.WEBHOOK else DeliveryMode.LATEST
    subscription = SubscribedMethod(1, mode, frozenset({"actual"}), **filters)
    return SpareMethod(subscription, kind, "http://127.0.0.1/x", (), "both", "link", None)


def test_memory_keeps_a_rise_to_red_the_fall_from_it_and_the_end_each_once() -> None:
    steps = [
        ("S1", 1, Level.ORANGE, False),
        ("S1", 2, Level.RED, False),
        ("S1", 3, Level.RED, False),
        ("S1", 3, Level.RED, False),
        ("S1", 4, Level.YELLOW, False),
        ("S1", 5, Level.YELLOW, True),
        ("S2", 1, Level.ORANGE, False),
    ]
    kept = [(one.event.site_id, one.event.sequence) for one in received(RedMemory(EARLIER), *steps)]
    assert kept == [("S1", 2), ("S1", 4), ("S1", 5)]


def test_what_the_broker_repeats_at_a_start_is_known() -> None:
    memory = RedMemory(datetime.now(UTC) + timedelta(hours=1))
    assert received(memory, ("S1", 2, Level.RED, False)) == []


@given(
    st.one_of(
        st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
    )
)
def test_any_other_payload_is_passed_over(payload: bytes) -> None:
    memory = RedMemory(EARLIER)
    memory.receive(payload, AT)
    assert memory.since(AT) == []


def test_filters_and_worlds_hold_in_memory_too() -> None:
    messages = received(RedMemory(EARLIER), ("S1", 1, Level.RED, False))
    for one, count in ((method(), 1), (method(sites=frozenset({"S2"})), 0), (method(regions=("370200",)), 0)):
        ledger = SpareLedger()
        ledger.add(messages, [one], AT)
        assert len(ledger.lease(AT)) == count


def test_the_end_waits_for_red_and_is_not_sent_without_it() -> None:
    memory, ledger = RedMemory(EARLIER), SpareLedger()
    ledger.add(received(memory, ("S1", 1, Level.RED, False), ("S1", 2, Level.RED, True)), [method()], AT)
    [[red]] = ledger.lease(AT)
    assert (red.intent.sequence, ledger.lease(AT)) == (1, [])
    ledger.settle([red.dispatch_id], SendResult(Outcome.LATER), AT)
    assert ledger.lease(AT) == []
    [[again]] = ledger.lease(AT + timedelta(seconds=10))
    ledger.settle([again.dispatch_id], SendResult(Outcome.DELIVERED), AT)
    [[end]] = ledger.lease(AT + timedelta(seconds=10))
    assert (again.dispatch_id, end.intent.sequence) == (red.dispatch_id, 2)


def test_a_fall_after_the_red_of_before_the_outage_leaves() -> None:
    memory, ledger = RedMemory(EARLIER), SpareLedger()
    memory.receive(json.dumps(decided_document("S1", 1, Level.RED)).encode(), AT - timedelta(minutes=5))
    ledger.add(received(memory, ("S1", 2, Level.RED, True)), [method()], AT)
    [[end]] = ledger.lease(AT)
    assert end.intent.is_end


def test_a_number_gets_the_newest_within_the_limit_of_its_provider() -> None:
    memory, ledger = RedMemory(EARLIER), SpareLedger()
    steps = [(f"S{number}", 1, Level.RED, False) for number in range(3)]
    ledger.add(received(memory, *steps), [method(ContactKind.VOICE)], AT)
    [[first]] = ledger.lease(AT)
    ledger.settle([first.dispatch_id], SendResult(Outcome.DELIVERED), AT)
    assert ledger.lease(AT + timedelta(seconds=30)) == []
    assert len(ledger.lease(AT + timedelta(seconds=61))) == 1


def test_after_the_outage_memory_keeps_only_what_the_ledger_lacks() -> None:
    memory, ledger = RedMemory(EARLIER), SpareLedger()
    messages = received(memory, *((f"S{number}", 1, Level.RED, False) for number in range(8)))
    ledger.add(messages, [method()], AT)
    sent = [one for [one] in ledger.lease(AT)]
    for one in sent[:3]:
        ledger.settle([one.dispatch_id], SendResult(Outcome.DELIVERED), AT)
    assert {one.dispatch_id for one in ledger.to_record()} == {one.dispatch_id for one in sent[:3]}
    ledger.end_outage([sent[0].dispatch_id], AT)
    ledger.settle([sent[3].dispatch_id], SendResult(Outcome.DOUBTFUL), AT)  # it was under way
    left = {one.dispatch_id: one.state for one in ledger.to_record()}
    assert left.keys() == {one.dispatch_id for one in sent[1:4]}
    assert left[sent[3].dispatch_id] is DispatchState.DUE
    ledger.add(messages, [method()], AT)
    assert sent[0].dispatch_id not in {one.dispatch_id for [one] in ledger.lease(AT + timedelta(seconds=30))}
