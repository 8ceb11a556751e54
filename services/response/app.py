"""The main loop of the response service: decided → dispatches → lease → send → record."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from secrets import token_hex

from rencheng.domain.heartbeat import Part
from rencheng.heartbeats import HeartbeatWriter
from rencheng.response.delivery.outbound import OutboundMessage
from rencheng.response.delivery.outcome import Outcome, SendResult
from rencheng.runtime.logs import get_logger
from rencheng.runtime.metrics.server import serve_metrics
from rencheng.runtime.outage import tolerate_outage
from rencheng.store.core.database import Connection, translate_errors
from rencheng.store.response.clock import ClockWatch
from rencheng.store.response.decided import BATCH_MAX, dispatch_decided
from rencheng.store.response.leases import lease
from rencheng.store.response.ledger_figures import ledger_figures
from rencheng.store.response.outbound import load_outbound
from rencheng.store.response.results import AttemptResult, end_lost_leases, expire, record_results
from rencheng.store.response.spare_list import record_spare
from rencheng.store.response.synthetic import ensure_synthetic_contact
from services.response import metrics
from services.response.channels.http import CONNECTIONS_MAX
from services.response.settings import ResponseSettings
from services.response.wiring import ResponseService, open_response

log = get_logger("response")

TURN_S = 1.0
"""The longest time between two turns."""

GATHER_S = 0.02
"""How long a turn gathers further results, so that they are recorded together."""

SWEEP_EVERY_S = 2.0
"""How often lost leases and expired dispatches are looked for."""


def run(settings: ResponseSettings, stop: threading.Event) -> None:
    """Send what is due until asked to stop."""
    owner = f"{settings.response_instance}-{os.getpid()}-{token_hex(4)}"
    metrics_server = serve_metrics(settings.response_metrics_port, settings.metrics_host)
    with metrics_server, open_response(settings) as service:
        loop = MainLoop(service, owner)
        heartbeat = HeartbeatWriter(
            settings.database_url, Part.RESPONSE, settings.response_instance, figures=loop.figures
        )
        with heartbeat:
            log.info("ready", instance=settings.response_instance)
            while not stop.is_set():
                loop.turn()
            loop.finish()


class MainLoop:
    """One turn after the other. All state is in the database; here is only what is under way."""

    def __init__(self, service: ResponseService, owner: str) -> None:
        self._service = service
        self._owner = owner
        self._unrecorded: list[AttemptResult] = []
        self._in_flight = 0
        self._has_more = False
        self._swept_s = float("-inf")
        self._clock = ClockWatch()
        self._has_synthetic = False

    def figures(self) -> dict[str, float | None]:
        """Return what the heartbeat carries."""
        return {"turn_age_s": self._service.turns.age_s, "lag_s": self._service.lag_s}

    def turn(self) -> None:
        """Record results, make dispatches, lease and send. Without the database everything waits in it."""
        self._gather(0.0 if self._has_more else TURN_S)
        for stage in (self._record, self._dispatch, self._lease, self._sweep):
            with _isolated(stage.__name__.strip("_")):
                stage()
        self._service.turns.turned()

    def finish(self) -> None:
        """Wait for attempts that are under way, and record them."""
        self._service.senders.finish()
        self._gather(0.0)
        with _isolated("record"):
            self._record()

    def _gather(self, timeout_s: float) -> None:
        """Wait until a result or a wake-up comes, or the time is over; then take what else is there."""
        results = self._service.results
        gathered_s = time.monotonic() + GATHER_S
        try:
            self._take(results.get(timeout=timeout_s) if timeout_s else results.get_nowait())
            while True:
                self._take(results.get(timeout=max(0.001, gathered_s - time.monotonic())))
                if time.monotonic() > gathered_s:
                    break
        except Empty:
            pass

    def _take(self, item: tuple[str, OutboundMessage, SendResult] | None) -> None:
        if item is None:
            return
        name, message, result = item
        self._in_flight -= 1
        self._unrecorded.append(AttemptResult(name, message.method_id, result))
        metrics.observe_attempt(message, result)
        if result.outcome is Outcome.DELIVERED and self._service.spare is not None:
            self._service.spare.note_sent(message)
        if result.outcome is not Outcome.DELIVERED:
            log.info(
                "attempt failed",
                method=message.method_id,
                kind=message.kind.value,
                outcome=result.outcome.value,
                status=result.status,
                code=result.provider_code,
                detail=result.detail,
            )

    def _record(self) -> None:
        if self._unrecorded:
            with self._service.engine.begin() as connection:
                record_results(connection, self._unrecorded)
            self._unrecorded = []

    def _dispatch(self) -> None:
        spare = self._service.spare
        if spare is not None and spare.defers:
            return
        sent = spare.to_record() if spare is not None else []
        with self._service.engine.begin() as connection:
            decided = dispatch_decided(connection)
            recorded = record_spare(connection, sent)  # in this transaction, so that none is sent a second time
        if spare is not None:
            spare.note_answer(recorded)
        metrics.count_decided(decided)
        self._has_more = decided == BATCH_MAX

    def _lease(self) -> None:
        free = CONNECTIONS_MAX - self._in_flight
        if free <= 0:
            return
        service = self._service
        with service.engine.begin() as connection:
            self._look_at_clock(connection)
            leased = lease(connection, self._owner, free=free)
            loaded = load_outbound(connection, leased, service.cipher, service.public_url) if leased else {}
        if not leased:
            return
        messages = []
        for one in leased:
            message = loaded[one.name]
            if isinstance(message, str):
                self._unrecorded.append(
                    AttemptResult(one.name, one.method_id, SendResult(Outcome.NEVER, detail=message))
                )
            else:
                messages.append((one.name, message))
        self._in_flight += len(messages)
        metrics.set_in_flight(self._in_flight)
        service.senders.send(messages)

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_s < SWEEP_EVERY_S:
            return
        with self._service.engine.begin() as connection:
            self._look_at_clock(connection)
            metrics.count_lost(end_lost_leases(connection))
            metrics.count_expired(expire(connection))
            figures = ledger_figures(connection)
            if self._service.spare is not None and not self._has_synthetic:  # so there is a channel for MQTT
                ensure_synthetic_contact(connection, self._service.cipher)
                self._has_synthetic = True
        self._service.lag_s = figures.oldest_due_s
        metrics.set_ledger(figures)
        self._swept_s = time.monotonic()

    def _look_at_clock(self, connection: Connection) -> None:
        """Look before anything is struck because of its age."""
        if jump := self._clock.jump(connection):
            metrics.count_clock_jump()
            log.warning("the database's clock jumped", seconds=round(jump.total_seconds()))


@contextmanager
def _isolated(stage: str) -> Iterator[None]:
    """Run a stage of a turn. An error in it is logged, and stops no other."""
    try:
        with tolerate_outage(log, "messages wait in the database", stage=stage), translate_errors():
            yield
    except Exception:
        log.exception("stage failed", stage=stage)
