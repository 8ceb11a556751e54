"""The ledger in memory: what was sent while the database is away, until the real ledger has it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import MAYBE_RANK, DispatchIntent, DispatchSource, DispatchState
from rencheng.response.delivery.lines import LineRow, MethodState, decide
from rencheng.response.delivery.outcome import SendResult, settle
from rencheng.response.delivery.spare import RECENT_MAX, RedMessage, SpareMethod, spare_dispatches

KEPT = timedelta(hours=24)
"""How long a record waits for the database. Source: the expiry of messages to systems."""


@dataclass(frozen=True, slots=True)
class SpareAttempt:
    """An attempt that ended."""

    begun_at: datetime
    ended_at: datetime
    result: SendResult


@dataclass(slots=True)
class SpareDispatch:
    """A dispatch in memory. It has the id that the ledger gives to the same message."""

    method: SpareMethod
    intent: DispatchIntent
    message: RedMessage
    due_at: datetime
    state: DispatchState = DispatchState.DUE
    rank: int = 0
    reason: str | None = None
    begun_at: datetime | None = None
    attempts: list[SpareAttempt] = field(default_factory=list)

    @property
    def dispatch_id(self) -> UUID:
        """The id of the dispatch."""
        return self.intent.dispatch_id


class SpareLedger:
    """Decides by the same rules as the real ledger what leaves, and keeps what became of it. Time is passed in."""

    def __init__(self) -> None:
        self._dispatches: dict[UUID, SpareDispatch] = {}
        self._by_method: dict[int, list[SpareDispatch]] = defaultdict(list)
        self._known: dict[UUID, None] = {}

    def note_sent(self, dispatch_ids: Iterable[UUID]) -> None:
        """Note what was sent while the database was there, so that it is not sent again."""
        self._known |= dict.fromkeys(dispatch_ids)
        for old in list(self._known)[: max(0, len(self._known) - RECENT_MAX)]:
            del self._known[old]

    def add(self, messages: Iterable[RedMessage], methods: Sequence[SpareMethod], now: datetime) -> None:
        """Take in messages; those that are known stay as they are."""
        for message in messages:
            for method, intent in spare_dispatches(message, methods, now):
                if intent.dispatch_id not in self._dispatches and intent.dispatch_id not in self._known:
                    one = SpareDispatch(method, intent, message, now)
                    self._dispatches[intent.dispatch_id] = one
                    self._by_method[intent.method_id].append(one)

    def lease(self, now: datetime) -> list[list[SpareDispatch]]:
        """Return what leaves now; the dispatches of one list leave as one message."""
        leaving: list[list[SpareDispatch]] = []
        for dispatches in self._by_method.values():
            decision = decide(_method_state(dispatches), list(_rows(dispatches)), _sends(dispatches, now), now)
            for dispatch_id, state, reason in decision.moves:
                self._dispatches[dispatch_id].state = state
                self._dispatches[dispatch_id].reason = reason
            for dispatch_id, at in decision.postponed:
                self._dispatches[dispatch_id].due_at = at
            for bundle in decision.bundles:
                leaving.append([self._dispatches[one.dispatch_id] for one in bundle])
                for one in leaving[-1]:
                    one.state, one.begun_at = DispatchState.LEASED, now
        return leaving

    def settle(self, dispatch_ids: Iterable[UUID], result: SendResult, now: datetime) -> None:
        """Note the result of an attempt."""
        for dispatch_id in dispatch_ids:
            one = self._dispatches.get(dispatch_id)
            if one is None or one.begun_at is None:
                continue
            one.attempts.append(SpareAttempt(one.begun_at, now, result))
            counts = {"attempts": len(one.attempts), "rank": one.rank}
            settled = settle(result, dispatch_id, one.method.kind, one.intent.level, now=now, **counts)
            one.state, one.rank, one.reason = settled.state, settled.rank, settled.reason
            one.due_at = settled.due_at or one.due_at

    @property
    def is_sending(self) -> bool:
        """Whether an attempt runs."""
        return any(one.state is DispatchState.LEASED for one in self._dispatches.values())

    def to_record(self) -> list[SpareDispatch]:
        """Return what the real ledger does not know yet: dispatches of which an attempt has ended, and none runs."""
        return [one for one in self._dispatches.values() if one.attempts and one.state is not DispatchState.LEASED]

    def end_outage(self, recorded: Iterable[UUID], now: datetime) -> None:
        """Forget what the real ledger knows, and what never left: the ledger sends it."""
        known = set(recorded)
        self.note_sent(known)
        for one in list(self._dispatches.values()):
            has_left = bool(one.attempts) or one.state is DispatchState.LEASED
            if one.dispatch_id in known or not has_left or one.intent.due_at < now - KEPT:
                del self._dispatches[one.dispatch_id]
                self._by_method[one.intent.method_id].remove(one)


def _method_state(dispatches: Sequence[SpareDispatch]) -> MethodState:
    method = dispatches[0].method
    running = len({one.begun_at for one in dispatches if one.state is DispatchState.LEASED})
    subscription = method.subscription
    return MethodState(subscription.method_id, method.kind, subscription.mode, subscription.worlds, running=running)


def _rows(dispatches: Sequence[SpareDispatch]) -> Iterator[LineRow]:
    lines: set[str] = set()
    for one in dispatches:
        if one.intent.line not in lines and one.message.event.known_level is Level.RED:
            yield _earlier(one)
        lines.add(one.intent.line)
        yield _row(one, one.dispatch_id, one.intent.sequence, one.state, one.rank)


def _earlier(one: SpareDispatch) -> LineRow:
    """Return a row for the red before the outage, which was sent: so its end may leave."""
    return _row(one, uuid4(), one.intent.sequence - 1, DispatchState.SENT, MAYBE_RANK)


def _row(one: SpareDispatch, dispatch_id: UUID, sequence: int, state: DispatchState, rank: int) -> LineRow:
    intent = one.intent
    return LineRow(
        dispatch_id,
        intent.line,
        sequence,
        DispatchSource.EVENT,
        intent.level,
        intent.is_end,
        state,
        intent.world,
        one.due_at,
        intent.expires_at,
        one.message.issued_at,
        rank,
    )


def _sends(dispatches: Sequence[SpareDispatch], now: datetime) -> list[datetime]:
    begun = {attempt.begun_at for one in dispatches for attempt in one.attempts}
    begun |= {one.begun_at for one in dispatches if one.begun_at is not None}
    return sorted(at for at in begun if at > now - timedelta(days=1))
