"""While the database is away: send red warnings from memory, and give their record to the ledger once it is back."""

from collections.abc import Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self
from uuid import UUID

from rencheng.messaging.source import MessageSource
from rencheng.response.delivery.outbound import OutboundMessage
from rencheng.response.delivery.spare import OVERLAP, RedMemory, spare_outbound
from rencheng.response.delivery.spare_ledger import SpareDispatch, SpareLedger
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from services.response import metrics
from services.response.senders import Results, Senders
from services.response.spare_list import SpareList

log = get_logger("response")

WAIT_S = 0.2
"""The longest time between two looks at results and waits."""

BATCH_MAX = 1000

DEFER_S = 5.0
"""After an outage a process that did not lead leaves new dispatches to the leader for this time, so that the leader's
record comes first; the leader waits for its running attempts no longer than this. Proposal: some turns."""


class SpareSender:
    """A thread that follows the warnings on MQTT, and sends red while the database is away.

    Args:
        source: the warnings on MQTT.
        contacts: whether the database is away, and the contact methods.
        senders: shared with the main loop.
        public_url: of the API.
        clock: the time of the process.
    """

    def __init__(
        self, source: MessageSource, contacts: SpareList, senders: Senders, public_url: str, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._source = source
        self._contacts = contacts
        self._senders = senders
        self._public_url = public_url
        self._clock = clock
        self._memory = RedMemory(clock.now())
        self._ledger = SpareLedger()
        self._results: Results = SimpleQueue()
        self._lock = Lock()
        self._was_away = self._led = False
        self._back_s = float("-inf")
        self._stop = Event()
        self._thread = Thread(target=self._run, name="spare-sender", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join()

    @property
    def defers(self) -> bool:
        """Whether new dispatches must wait: in an outage that lasts, or ended just now.

        Another process led, and makes them; or an attempt from memory still runs, and would be repeated.
        """
        if not self._was_away and self._clock.monotonic_s() - self._back_s >= DEFER_S:
            return False
        with self._lock:
            return not self._led or self._ledger.is_sending

    def note_sent(self, message: OutboundMessage) -> None:
        """Note a message that was sent while the database was there."""
        with self._lock:
            self._ledger.note_sent(item.dispatch_id for item in message.items)

    def to_record(self) -> list[SpareDispatch]:
        """Return what was sent from memory and is not in the ledger yet."""
        with self._lock:
            return self._ledger.to_record()

    def note_answer(self, dispatch_ids: Sequence[UUID]) -> None:
        """Note that the database answers, and that the ledger has these dispatches."""
        with self._lock:
            self._contacts.note_answer()
            self._ledger.end_outage(dispatch_ids, self._clock.now())

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("red cannot be sent from memory")
                self._stop.wait(1.0)

    def _turn(self) -> None:
        for item in self._source.take(BATCH_MAX, WAIT_S):
            self._memory.receive(item.message.payload, item.message.received_at)
        with self._lock:
            is_away = self._contacts.is_away
            if is_away is not self._was_away:
                self._note_change(is_away=is_away)
            self._settle()
            if is_away and self._led:
                self._send()
            elif not is_away:
                self._memory.since(self._clock.now() - OVERLAP)

    def _note_change(self, *, is_away: bool) -> None:
        log.warning("database away, red leaves from memory" if is_away else "database back")
        metrics.set_database_away(is_away=is_away)
        if is_away:
            self._led = self._contacts.is_leader
        else:
            self._back_s = self._clock.monotonic_s()
        self._was_away = is_away

    def _settle(self) -> None:
        now = self._clock.now()
        while True:
            try:
                item = self._results.get_nowait()
            except Empty:
                return
            if item is None:
                continue
            _, message, result = item
            self._ledger.settle([one.dispatch_id for one in message.items], result, now)
            metrics.observe_spare(message, result)
            log.info(
                "sent from memory",
                method=message.method_id,
                kind=message.kind.value,
                outcome=result.outcome.value,
                detail=result.detail,
            )

    def _send(self) -> None:
        now = self._clock.now()
        messages = self._memory.since(self._contacts.answered_at - OVERLAP)
        self._ledger.add(messages, self._contacts.methods, now)
        outbound = [self._outbound(bundle) for bundle in self._ledger.lease(now)]
        if outbound:
            self._senders.send(outbound, self._results)

    def _outbound(self, bundle: Sequence[SpareDispatch]) -> tuple[str, OutboundMessage]:
        now, first = self._clock.now(), bundle[0]
        made = [
            spare_outbound(one.message, one.method, one.intent, rank=one.rank, now=now, public_url=self._public_url)
            for one in bundle
        ]
        items = tuple(item for message in made for item in message.items)
        return str(first.dispatch_id), replace(made[0], items=items)
