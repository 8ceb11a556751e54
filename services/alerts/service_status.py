"""Publish on MQTT how the alert service is, so that dispatch knows when no warning can come."""

import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rencheng.domain.compact_json import compact_json
from rencheng.domain.heartbeat import Heartbeat, Part, PartCondition, PartReason, PartState
from rencheng.domain.part_rules import judge_process
from rencheng.heartbeats import software_version
from rencheng.messages.service_json import service_document, service_topic
from rencheng.messaging.mqtt.beacon import Beacon
from rencheng.messaging.mqtt.client_ids import client_id
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from services.alerts.progress import AlertProgress
from services.alerts.settings import AlertSettings

EVERY_S = 5.0


class ServiceStatus(AbstractContextManager["ServiceStatus"]):
    """Publishes the state while the block runs, by the judgement of `/health`, from a thread of its own.

    Args:
        settings: the broker and the account.
        progress: how far the service is.
        clock: the time.
    """

    def __init__(self, settings: AlertSettings, progress: AlertProgress, clock: Clock = SYSTEM_CLOCK) -> None:
        self._progress = progress
        self._clock = clock
        self._started_at = clock.now()
        gone = PartCondition(Part.ALERTS, PartState.DOWN, PartReason.SILENT)
        self._beacon = Beacon(
            settings.mqtt_address,
            client_id=client_id("rencheng-alerts-status", settings.account[1]),
            account=settings.account,
            topic=service_topic(Part.ALERTS),
            will=compact_json(dict(service_document(gone))),
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)

    def __enter__(self) -> Self:
        """Connect and start the thread."""
        self._beacon.open()
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Publish that the service was stopped."""
        self._stop.set()
        self._thread.join(EVERY_S)
        stopped = PartCondition(Part.ALERTS, PartState.DOWN, PartReason.STOPPED, 0.0)
        self._beacon.close(compact_json(dict(service_document(stopped, at=self._clock.now()))))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._beacon.publish(self._message())
            self._stop.wait(EVERY_S)

    def _message(self) -> bytes:
        now, figures = self._clock.now(), self._progress.figures()
        heartbeat = Heartbeat(Part.ALERTS, "0", self._started_at, now, 0.0, False, software_version(), figures)
        document = service_document(
            judge_process(heartbeat),
            at=now,
            evaluated_through=datetime.fromtimestamp(figures["evaluated_through"] or 0.0, UTC),
            undelivered=int(figures["undelivered"] or 0),
        )
        return compact_json(dict(document))
