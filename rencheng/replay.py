"""What was refused is tried again, by the very same intake and writing, and the account stays exact.

An entry stands for `times` receptions that count as quarantined. Replayed, its readings leave there: each is stored
once and otherwise a duplicate, or is refused again, for another reason, as an entry of its own. What is refused for the
same reason stays as it was. An entry that was replayed is closed: to replay it again does nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import Reason, Refused, StoreUnavailable
from rencheng.domain.topic import kind_in
from rencheng.intake import WHOLE_MESSAGE, Admitted, Message, Refusal, admit
from rencheng.store.counts import Tally, count, take_turn
from rencheng.store.database import Connection, Engine, in_our_words
from rencheng.store.devices import find_devices, save_states
from rencheng.store.quarantine import Refuse, bury
from rencheng.store.quarantine_replay import Entry, close_entry, take_open
from rencheng.store.quarantine_retention import count_dropped
from rencheng.store.readings import Arrival, Fate, Settled, write

WORKER = "replay"
"""Under which name replays stand in the account."""

ATTEMPTS = 3
"""How often a replay that the server gave up (a deadlock with ingest) is tried."""

CHUNK_ENTRIES, CHUNK_BYTES = 500, 4 * 2**20
"""How much one transaction replays: it holds locks that ingest may wait for."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What is sent in place of an entry: another payload, to another topic, or both; a whole message of its own."""

    topic: str | None = None
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry.

    Attributes:
        quarantine_id: which entry.
        moved: it was replayed and is closed now; else it stays, for the reason in `refusals`.
        tally: its readings by what became of them; `quarantined` are those that were refused again.
        refusals: what was refused, and why.
    """

    quarantine_id: int
    moved: bool
    tally: Tally
    refusals: tuple[Refusal, ...]


def attempt(entry: Entry, directory: Mapping[str, Device], limits: ClockLimits, fix: Fix | None = None) -> Admitted:
    """What intake would say today, as of the moment when the message was first received. Pure.

    Of an entry that is one reading of a message, only that reading: its neighbours were settled long ago.
    """
    fix = fix or Fix()
    topic = entry.topic if fix.topic is None else fix.topic
    payload = entry.payload if fix.payload is None else fix.payload
    admitted = admit(Message(topic, payload, entry.first_received_at), directory, limits)
    if entry.position == WHOLE_MESSAGE or fix.payload is not None:
        return admitted
    return _only(admitted, entry.position)


def _only(admitted: Admitted, wanted: int) -> Admitted:
    readings = tuple(r for position, r in zip(admitted.positions, admitted.readings, strict=True) if position == wanted)
    refusals = tuple(replace(r, position=wanted) for r in admitted.refusals if r.position in {wanted, WHOLE_MESSAGE})
    if not readings and not refusals:
        detail = f"read by today's profile the message holds {admitted.count} readings, and none at place {wanted}"
        refusals = (Refusal(wanted, Reason.UNDECODABLE, detail),)
    return Admitted(
        admitted.message, readings, refusals, device_id=admitted.device_id, world=admitted.world, state=admitted.state
    )


def replay(
    engine: Engine,
    quarantine_ids: Sequence[int],
    *,
    limits: ClockLimits,
    actor: str,
    fix: Fix | None = None,
) -> list[Outcome]:
    """Replay those of some entries that are open, in one transaction; what became of each.

    Args:
        engine: the database, with staging tables (`stage_on_connect`).
        quarantine_ids: which entries; those that are not there or closed are passed over.
        limits: ingest's own.
        actor: who does it, for the entries' mark.
        fix: what is sent instead. If nothing of it can be taken, the entry stays.

    Raises:
        StoreUnavailable: the database is away; nothing happened, or (its last answer lost) all of it.
    """
    for last in (False,) * (ATTEMPTS - 1) + (True,):
        try:
            with in_our_words(), engine.begin() as connection:
                take_turn(connection, WORKER)
                return _replay(connection, take_open(connection, quarantine_ids), limits, actor, fix)
        except StoreUnavailable:
            if last:
                raise
    raise AssertionError  # the last attempt returns or raises


def chunks(entries: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Numbers of entries, given with their payload's bytes, in portions for one transaction each."""
    portion: list[int] = []
    size = 0
    for quarantine_id, payload_bytes in entries:
        if portion and (len(portion) == CHUNK_ENTRIES or size + payload_bytes > CHUNK_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(quarantine_id)
        size += payload_bytes
    if portion:
        yield portion


def _replay(
    connection: Connection, entries: Sequence[Entry], limits: ClockLimits, actor: str, fix: Fix | None
) -> list[Outcome]:
    topics = [fix.topic if fix and fix.topic is not None else entry.topic for entry in entries]
    directory = find_devices(connection, {topic.split("/")[4] for topic in topics if topic.count("/") > 3})  # noqa: PLR2004
    tried = [attempt(entry, directory, limits, fix) for entry in entries]
    read = [(k, p, r) for k, a in enumerate(tried) for p, r in zip(a.positions, a.readings, strict=True)]
    fates = write(connection, [Arrival(reading, tried[k].message.received_at) for k, _, reading in read])
    by_entry: dict[int, list[tuple[int, Fate]]] = defaultdict(list)
    for (k, position, _), fate in zip(read, fates, strict=True):
        by_entry[k].append((position, fate))
    book = _Book(connection, actor, fix)
    outcomes = [book.settle(entry, tried[k], by_entry[k]) for k, entry in enumerate(entries)]
    book.close()
    return outcomes


class _Book:
    """The bookkeeping of one transaction: which readings move from where to where."""

    def __init__(self, connection: Connection, actor: str, fix: Fix | None) -> None:
        self._connection = connection
        self._actor = actor
        self._fix = fix
        self._tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
        self._refused: list[Refuse] = []
        self._now = datetime.now(UTC)

    def settle(self, entry: Entry, tried: Admitted, fates: Sequence[tuple[int, Fate]]) -> Outcome:
        refusals = [*tried.refusals, *(Refusal(p, f.reason, f.detail) for p, f in fates if isinstance(f, Refused))]
        taken = [fate for _, fate in fates if isinstance(fate, Settled)]
        if not taken and tried.state is None and self._stays(entry, refusals):
            return Outcome(entry.quarantine_id, moved=False, tally=Tally(), refusals=tuple(refusals))
        # of what a flooding device sent, the first message of an hour is kept, and the rest only counted
        repeats = 1 if entry.reason is Reason.QUOTA else entry.times
        stored = sum(fate is Settled.STORED for fate in taken)
        tally = Tally(stored, repeats * len(taken) - stored, repeats * len(refusals))
        left = min(tally.total, entry.times) if entry.reason is Reason.QUOTA else entry.times
        self._move(entry, tried, tally, left)
        self._refused += [_refuse(entry, tried, refusal, repeats) for refusal in refusals]
        if tried.state is not None:
            save_states(self._connection, [tried.state])
        self._mark(entry, tally, dropped=entry.times - left)
        return Outcome(entry.quarantine_id, moved=True, tally=tally, refusals=tuple(refusals))

    def close(self) -> None:
        bury(self._connection, self._refused)
        count(self._connection, WORKER, self._now, self._tallies)

    def _stays(self, entry: Entry, refusals: Sequence[Refusal]) -> bool:
        same = len(refusals) == 1 and (refusals[0].position, refusals[0].reason) == (entry.position, entry.reason)
        return same or self._fix is not None

    def _move(self, entry: Entry, tried: Admitted, tally: Tally, left: int) -> None:
        self._tallies[entry.world, entry.kind] += Tally(quarantined=-left, unpacked=-left)
        arrived = Tally(tally.stored, tally.duplicate, tally.quarantined, unpacked=tally.total)
        self._tallies[tried.world, kind_in(tried.message.topic)] += arrived

    def _mark(self, entry: Entry, tally: Tally, *, dropped: int) -> None:
        became = {"stored": tally.stored, "duplicate": tally.duplicate, "quarantined": tally.quarantined}
        close_entry(
            self._connection,
            entry.quarantine_id,
            actor=self._actor,
            became=became | {"dropped": dropped},
            fixed_topic=self._fix.topic if self._fix else None,
            fixed_payload=self._fix.payload if self._fix else None,
        )
        if dropped:
            key = (entry.world, entry.kind, entry.reason.value)
            count_dropped(self._connection, self._now, key, entries=0, readings=dropped, payload_bytes=0)


def _refuse(entry: Entry, tried: Admitted, refusal: Refusal, times: int) -> Refuse:
    return Refuse(
        topic=tried.message.topic,
        payload=tried.message.payload,
        position=refusal.position,
        reason=refusal.reason,
        detail=refusal.detail,
        device_id=tried.device_id,
        world=tried.world,
        received_at=entry.last_received_at,
        times=times,
    )
