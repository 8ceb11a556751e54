"""Commands to devices: in a thread of its own, so that neither deliveries nor calls wait for a device."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from rencheng.domain.errors import Rejected, StoreUnavailable
from rencheng.messaging.mqtt.command_link import CommandLink, DeviceAnswer
from rencheng.operations.proposals import propose_commands
from rencheng.operations.sending import Outgoing, follow_command, note_published, take_from_device
from rencheng.response.commands.wire import decode_from_device
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage
from rencheng.runtime.periodic import PeriodicThread
from rencheng.runtime.timers import Every
from rencheng.store.commands.commands import commands_to_look_at
from rencheng.store.commands.waiting import waiting_commands
from rencheng.store.core.database import Connection, open_database, translate_errors
from services.response import metrics

log = get_logger("response")

T = TypeVar("T")

LOOK_EVERY_S = 0.25
"""The longest time for which an approved command, or an answer, waits."""

PUBACK_WITHIN_S = 2.0
"""How long a look waits for the broker. What is not acknowledged is published again under its id. Proposal."""

UNREADABLE_EVERY_S = 60.0
"""Answers that cannot be read are logged once in this time, with their number: a device may send many."""

MEASURED_EVERY_S = 15.0
"""The usual interval at which metrics are read."""


class CommandKeeper:
    """Proposes, sends and follows commands. Any number of processes may do so; each command is taken by one at a time.

    Args:
        database_url: the database.
        link: the connection to the broker; None: nothing can be sent, and a person is asked instead.
    """

    def __init__(self, database_url: str, link: CommandLink | None) -> None:
        self._engine = open_database(database_url, name="rencheng-response-commands", connections_max=1)
        self._link = link
        self._waiting: list[DeviceAnswer] = []
        self._unreadable = 0
        self._measured_timer = Every(MEASURED_EVERY_S)
        self._unreadable_timer = Every(UNREADABLE_EVERY_S)
        self._thread = PeriodicThread(self._look, LOOK_EVERY_S, name="commands")

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop after the present look."""
        self._thread.__exit__(kind, error, trace)
        self._engine.dispose()

    def _look(self) -> None:
        try:
            with tolerate_outage(log, "commands expire, and a person is asked when it is back"), translate_errors():
                self._take_answers()
                for each in self._transact("proposals", propose_commands) or []:
                    log.info("command asked", command=each.command_id, device=each.device_id, verb=each.verb.value)
                self._follow_all()
                self._measure()
        except Exception:
            log.exception("commands cannot be followed")

    def _take_answers(self) -> None:
        """Record what devices sent. Without the database it waits here, and unsettled at the broker."""
        if self._link is not None:
            self._link.keep_connected()
            self._waiting += self._link.answers()
        while self._link is not None and self._waiting:
            answer = self._waiting[0]
            self._record(answer)
            self._link.settle(answer)
            self._waiting.pop(0)

    def _record(self, answer: DeviceAnswer) -> None:
        try:
            document = decode_from_device(answer.payload)
        except Rejected as error:
            self._unreadable += 1
            if self._unreadable_timer.take():
                log.warning("answers not readable", count=self._unreadable, topic=answer.topic, why=error.detail)
                self._unreadable = 0
            return
        refusal = self._transact("answer", lambda connection: take_from_device(connection, answer.topic, document))
        log.info("device answered", topic=answer.topic, type=document.type, refusal=refusal or "")

    def _measure(self) -> None:
        if self._measured_timer.take():
            waiting = self._transact("figures", waiting_commands)
            if waiting is not None:
                metrics.set_waiting_commands(waiting)

    def _follow_all(self) -> None:
        may_send = self._link is not None and self._link.is_connected
        outgoing: list[Outgoing] = []
        for command_id in self._transact("look", commands_to_look_at) or []:
            outgoing += self._follow(command_id, may_send=may_send)
        self._publish(outgoing)

    def _follow(self, command_id: str, *, may_send: bool) -> Sequence[Outgoing]:
        found = self._transact("command", lambda connection: follow_command(connection, command_id, may_send=may_send))
        return found or []

    def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        if self._link is None or not outgoing:
            return
        messages = [(each.topic, each.payload, each.left_s) for each in outgoing]
        received = self._link.publish(messages, wait_s=PUBACK_WITHIN_S)
        for each, is_received in zip(outgoing, received, strict=True):
            if each.command_id is not None and is_received is not None:
                log.info("command published", command=each.command_id, topic=each.topic, is_received=is_received)
                self._note_published(each.command_id, is_received=is_received)

    def _note_published(self, command_id: str, *, is_received: bool) -> None:
        self._transact("published", lambda connection: note_published(connection, command_id, is_received=is_received))

    def _transact(self, stage: str, work: Callable[[Connection], T]) -> T | None:
        """Run a transaction. An error other than an outage is logged, and stops no other command."""
        try:
            with translate_errors(), self._engine.begin() as connection:
                return work(connection)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("stage failed", stage=stage)
            return None
