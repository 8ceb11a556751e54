"""Which dispatches of a contact method leave now. Messages of one line leave in order, one at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import MAYBE_RANK, ContactKind, DeliveryMode, DispatchSource, DispatchState
from rencheng.response.delivery.limits import BUNDLE_MAX, BUNDLED, free_at
from rencheng.response.delivery.outcome import FAILING_AFTER

CONCURRENT_MAX = 4
"""The most attempts at one endpoint at a time. Proposal."""


@dataclass(frozen=True, slots=True)
class MethodState:
    """A contact method, as far as sending depends on it.

    Attributes:
        is_active: neither the method nor its owner was ended.
        is_disabled: only a test may leave, and only while somebody probes it.
        failures: in succession.
        running: attempts that are under way.
    """

    method_id: int
    kind: ContactKind
    mode: DeliveryMode
    worlds: frozenset[str]
    is_active: bool = True
    is_disabled: bool = False
    failures: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True)
class LineRow:
    """A dispatch of a line, in any state."""

    dispatch_id: UUID
    line: str
    sequence: int
    source: DispatchSource
    level: Level
    is_end: bool
    state: DispatchState
    world: str
    due_at: datetime
    expires_at: datetime
    made_at: datetime
    rank: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """A dispatch that leaves now.

    Attributes:
        unseen: the highest level above its own that the receiver was never sent, and when; None without one.
    """

    dispatch_id: UUID
    unseen: tuple[Level, datetime] | None = None


@dataclass(slots=True)
class Departures:
    """What happens to the dispatches of a method now.

    Attributes:
        bundles: dispatches that leave; those of one bundle leave as one message.
        moves: new states, with the reason.
        postponed: until when dispatches wait.
    """

    bundles: list[list[Leaving]] = field(default_factory=list)
    moves: list[tuple[UUID, DispatchState, str]] = field(default_factory=list)
    postponed: list[tuple[UUID, datetime]] = field(default_factory=list)


def decide(method: MethodState, rows: Sequence[LineRow], sends: Sequence[datetime], now: datetime) -> Departures:
    """Return what happens to the dispatches of a method now.

    Args:
        method: the contact method.
        rows: its lines with something due, each with all of its dispatches.
        sends: when the method was used within the last day, in order.
        now: the present, by the database's clock.
    """
    decision = Departures()
    heads = [head for line in _lines(rows) if (head := _head(method, line, now, decision)) is not None]
    heads.sort(key=lambda one: (-one[0].level, one[0].made_at, one[0].sequence))
    free = (1 if method.failures >= FAILING_AFTER else CONCURRENT_MAX) - method.running
    recent = list(sends)
    for bundle in _bundles(method.kind, heads):
        if free <= 0:
            break
        at = free_at(method.kind, bundle[0][0].level, recent, now)
        if at > now:
            decision.postponed += [(row.dispatch_id, at) for row, _ in bundle if row.level < Level.RED]
            continue
        decision.bundles.append([leaving for _, leaving in bundle])
        recent.append(now)
        free -= 1
    return decision


def _lines(rows: Iterable[LineRow]) -> Iterable[list[LineRow]]:
    lines: dict[str, list[LineRow]] = defaultdict(list)
    for row in rows:
        lines[row.line].append(row)
    return [sorted(line, key=lambda row: row.sequence) for line in lines.values()]


def _head(
    method: MethodState, line: list[LineRow], now: datetime, decision: Departures
) -> tuple[LineRow, Leaving] | None:
    """Return the dispatch of a line that leaves next; note what was struck."""
    due = [row for row in line if row.state is DispatchState.DUE]
    due = [row for row in due if not _strike(row, _why_struck(method, row, now), decision)]
    if any(row.state is DispatchState.LEASED for row in line):
        return None
    if method.is_disabled:
        due = [row for row in due if row.source is DispatchSource.TEST]
    if not due:
        return None
    head = due[0]
    if method.mode is DeliveryMode.LATEST:
        newest = max([due[-1].sequence, *(row.sequence for row in line if row.rank >= MAYBE_RANK)])
        for row in due:
            if row.sequence < newest:
                _strike(row, (DispatchState.OVERTAKEN, "a newer message of the line"), decision)
        head = due[-1]
        if head.sequence < newest:
            return None
    earlier = [row for row in line if row.sequence < head.sequence]
    if head.is_end and not any(row.rank >= MAYBE_RANK for row in earlier):
        _strike(head, (DispatchState.CANCELLED, "the end of what was never sent"), decision)
        return None
    if head.due_at > now:
        return None
    return head, Leaving(head.dispatch_id, _unseen(head, earlier))


def _why_struck(method: MethodState, row: LineRow, now: datetime) -> tuple[DispatchState, str] | None:
    if not method.is_active:
        return DispatchState.CANCELLED, "the contact method has ended"
    if row.world not in method.worlds:
        return DispatchState.CANCELLED, "the contact method does not serve this world"
    if row.expires_at <= now:
        return DispatchState.EXPIRED, "not sent in time"
    return None


def _strike(row: LineRow, why: tuple[DispatchState, str] | None, decision: Departures) -> bool:
    if why is None:
        return False
    decision.moves.append((row.dispatch_id, *why))
    return True


def _unseen(head: LineRow, earlier: Sequence[LineRow]) -> tuple[Level, datetime] | None:
    """Return the highest level since the last message that may have arrived, if it exceeds that of the head."""
    seen = max((row.sequence for row in earlier if row.rank >= MAYBE_RANK), default=-1)
    missed = [row for row in earlier if row.sequence > seen and row.level > head.level]
    if not missed or head.is_end:
        return None
    highest = max(missed, key=lambda row: row.level)
    return highest.level, highest.made_at


def _bundles(
    kind: ContactKind, heads: Sequence[tuple[LineRow, Leaving]]
) -> Iterator[Sequence[tuple[LineRow, Leaving]]]:
    size = BUNDLE_MAX if kind in BUNDLED else 1
    for begin in range(0, len(heads), size):
        yield heads[begin : begin + size]
