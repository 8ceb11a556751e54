"""Whatever fails, and however often: order, no end without a beginning, and the truth once the faults stop."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import (
    MAYBE_RANK,
    ContactKind,
    DeliveryMode,
    DispatchSource,
    DispatchState,
)
from rencheng.response.delivery.lines import LineRow, MethodState, decide
from rencheng.response.delivery.outcome import FAILING_AFTER, EndpointHealth, Outcome, SendResult, next_health, settle

AT = datetime(2026, 7, 20, tzinfo=UTC)
LEVELS = st.sampled_from([Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED])


def row(number: int, level: Level = Level.BLUE, *, line: str = "w", is_end: bool = False, at: datetime = AT) -> LineRow:
    return LineRow(
        UUID(int=hash((line, number)) & (2**128 - 1)),
        line,
        number,
        DispatchSource.EVENT,
        level,
        is_end,
        DispatchState.DUE,
        "actual",
        at,
        at + timedelta(hours=24),
        at,
        0,
    )


def method(mode: DeliveryMode, kind: ContactKind = ContactKind.WEBHOOK) -> MethodState:
    return MethodState(1, kind, mode, frozenset({"actual"}))


class Receiver:
    """A ledger of one contact method, and what reached its receiver."""

    def __init__(self, mode: DeliveryMode) -> None:
        self.method = method(mode)
        self.rows: dict[UUID, LineRow] = {}
        self.attempts: dict[UUID, int] = {}
        self.arrived: list[LineRow] = []
        self.doubts = 0
        self.health = EndpointHealth()
        self.now = AT

    def add(self, one: LineRow) -> None:
        self.rows[one.dispatch_id] = one

    def tick(self, outcomes: "st.DataObject | None") -> None:
        if self.health.retry_at is not None and self.health.retry_at > self.now:
            return
        departures = decide(replace(self.method, failures=self.health.failures), list(self.rows.values()), [], self.now)
        for dispatch_id, state, _ in departures.moves:
            self.rows[dispatch_id] = replace(self.rows[dispatch_id], state=state)
        for bundle in departures.bundles:
            for leaving in bundle:
                self._attempt(leaving.dispatch_id, outcomes)

    def _attempt(self, dispatch_id: UUID, outcomes: "st.DataObject | None") -> None:
        one = self.rows[dispatch_id]
        outcome = outcomes.draw(st.sampled_from(Outcome)) if outcomes else Outcome.DELIVERED
        if outcome is Outcome.NEVER and one.is_end:
            outcome = Outcome.LATER
        if outcome is Outcome.DELIVERED or (outcome is Outcome.DOUBTFUL and outcomes and outcomes.draw(st.booleans())):
            self.arrived.append(one)
        self.doubts += outcome is Outcome.DOUBTFUL
        self.attempts[dispatch_id] = n = self.attempts.get(dispatch_id, 0) + 1
        result = SendResult(outcome)
        settled = settle(result, dispatch_id, ContactKind.WEBHOOK, one.level, attempts=n, rank=one.rank, now=self.now)
        due_at = settled.due_at or one.due_at
        self.rows[dispatch_id] = replace(one, state=settled.state, rank=settled.rank, due_at=due_at)
        self.health = next_health(self.health, result, dispatch_id, self.now)


@given(st.data(), st.sampled_from(DeliveryMode), st.lists(LEVELS, min_size=1, max_size=6))
@settings(max_examples=200)
def test_any_history_of_failures_ends_with_the_truth(
    data: st.DataObject, mode: DeliveryMode, levels: list[Level]
) -> None:
    receiver = Receiver(mode)
    for number, level in enumerate(levels, 1):
        is_end = number == len(levels) > 1
        receiver.add(row(number, level, is_end=is_end, at=receiver.now))
        for _ in range(data.draw(st.integers(0, 3))):
            receiver.tick(data)
            receiver.now += timedelta(seconds=data.draw(st.integers(0, 120)))
    for _ in range(3 * len(levels)):  # the faults stop
        receiver.tick(None)
        receiver.now += timedelta(seconds=80)

    final = {DispatchState.SENT, DispatchState.FAILED, DispatchState.OVERTAKEN, DispatchState.CANCELLED}
    rows = list(receiver.rows.values())
    assert {one.state for one in rows} <= final  # nothing waits for ever
    sequences = [one.sequence for one in receiver.arrived]
    assert sequences == sorted(sequences)
    assert len(sequences) <= len(set(sequences)) + receiver.doubts  # repetitions only after doubt
    reachable = [one for one in rows if one.state is not DispatchState.FAILED]
    if mode is DeliveryMode.EVERY:
        missed = {one.sequence for one in reachable} - set(sequences)
        assert missed <= {one.sequence for one in reachable if one.state is DispatchState.CANCELLED}
    if sequences and rows[-1].state is DispatchState.SENT:
        assert sequences[-1] == rows[-1].sequence
    if any(one.is_end for one in receiver.arrived):
        assert any(one.rank >= MAYBE_RANK for one in rows if not one.is_end)


def test_people_get_the_newest_and_learn_of_the_highest_level_that_they_missed() -> None:
    rows = [row(1, Level.RED), row(2, Level.YELLOW)]
    departures = decide(method(DeliveryMode.LATEST, ContactKind.SMS), rows, [], AT)
    [[leaving]] = departures.bundles
    assert leaving.dispatch_id == rows[1].dispatch_id
    assert leaving.unseen == (Level.RED, AT)
    assert departures.moves == [(rows[0].dispatch_id, DispatchState.OVERTAKEN, "a newer message of the line")]


def test_the_end_of_what_was_never_sent_is_not_sent() -> None:
    rows = [row(1, Level.RED), row(2, Level.RED, is_end=True)]
    departures = decide(method(DeliveryMode.LATEST), rows, [], AT)
    assert departures.bundles == []
    assert [state for _, state, _ in departures.moves] == [DispatchState.OVERTAKEN, DispatchState.CANCELLED]


def test_a_dead_head_holds_its_own_line_only() -> None:
    waiting = replace(row(1, line="a"), due_at=AT + timedelta(seconds=30))
    departures = decide(method(DeliveryMode.EVERY), [waiting, row(2, line="a"), row(1, line="b")], [], AT)
    assert [one.dispatch_id for [one] in departures.bundles] == [row(1, line="b").dispatch_id]


@pytest.mark.parametrize(("failures", "most"), [(0, 4), (FAILING_AFTER, 1)])
def test_a_failing_endpoint_is_tried_alone(failures: int, most: int) -> None:
    rows = [row(1, line=f"w{number}") for number in range(9)]
    departures = decide(replace(method(DeliveryMode.EVERY), failures=failures), rows, [], AT)
    assert len(departures.bundles) == most


def test_nothing_leaves_to_another_world_an_ended_method_or_after_its_time() -> None:
    late = replace(row(1), expires_at=AT)
    drill = replace(row(1), world="drill")
    every = method(DeliveryMode.EVERY)
    for given_method, one, state in (
        (every, late, DispatchState.EXPIRED),
        (every, drill, DispatchState.CANCELLED),
        (replace(every, is_active=False), row(1), DispatchState.CANCELLED),
    ):
        departures = decide(given_method, [one], [], AT)
        assert (departures.bundles, [move[1] for move in departures.moves]) == ([], [state])


def test_people_never_get_an_older_message_after_a_newer_one() -> None:
    newer = replace(row(2, Level.RED), state=DispatchState.SENT, rank=MAYBE_RANK)
    departures = decide(method(DeliveryMode.LATEST, ContactKind.SMS), [row(1, Level.ORANGE), newer], [], AT)
    assert departures.bundles == []
    assert [state for _, state, _ in departures.moves] == [DispatchState.OVERTAKEN]
