"""The watch: it looks for faults by its own way, and feeds an outside alarm only while everything is well."""

import json
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpcore
from pydantic import SecretStr

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.fault import FAULT_TEXTS, FaultKind, ResponseFault
from rencheng.domain.heartbeat import Part
from rencheng.domain.part_rules import BEHIND_AFTER_S, FAULT_FIGURE
from rencheng.heartbeats import HeartbeatWriter, TurnClock
from rencheng.runtime.clock import SYSTEM_CLOCK
from rencheng.runtime.logs import get_logger
from rencheng.runtime.metrics import jobs as metrics
from rencheng.runtime.periodic import PeriodicThread
from rencheng.runtime.timers import poll
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.response.synthetic import enqueue_synthetic, find_synthetic_contact, is_sent
from rencheng.store.response.watch import find_faults
from services.jobs.settings import WatchSettings

log = get_logger("watch")

RETURNS_WITHIN_S = BEHIND_AFTER_S
"""How long a synthetic dispatch may take: what waits longer is late."""

ANSWER_WITHIN_S = 10.0
"""How long the outside alarm may take to answer. Proposal."""

_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)
_SUCCESS = range(200, 300)


class Watch:
    """A thread that looks at an interval. As a context it runs for the time of it.

    Args:
        settings: the database, the interval and the outside alarm.
    """

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._engine = open_database(settings.database_url, name="rencheng-watch", connections_max=1)
        self._turns = TurnClock()
        self._counts = dict.fromkeys(FaultKind, 0)
        self._unreached_since_s: float | None = None
        self._thread = PeriodicThread(self.look, settings.watch_every_s, name="watch")
        self._heartbeat = HeartbeatWriter(settings.database_url, Part.WATCH, figures=self._figures)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        self._heartbeat.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._thread.__exit__(kind, error, trace)
        self._heartbeat.__exit__(kind, error, trace)
        self._engine.dispose()

    def look(self) -> None:
        """Look for faults once, and tell the outside alarm. An error in it counts as no heartbeat."""
        try:
            faults = self._find()
        except StoreUnavailable as error:
            log.warning("database away", consequence="the outside alarm gets no heartbeat", why=str(error))
            self._send(self._settings.alarm_url, {"kind": "rencheng_watch", "fault": "database away"})
            return
        except Exception:
            log.exception("the watch cannot look")
            return
        self._note(faults)
        if faults:
            self._send(self._settings.alarm_url, _document(faults))
        elif self._settings.heartbeat_url is not None:
            self._beat()
        self._turns.turned()

    def _find(self) -> list[ResponseFault]:
        with translate_errors():
            with self._engine.begin() as connection:
                faults = find_faults(connection)
            return faults + self._send_synthetic()

    def _send_synthetic(self) -> list[ResponseFault]:
        """Send a message to ourselves on the way of a real one. Without a contact method for it there is none."""
        began_s = time.monotonic()
        with self._engine.begin() as connection:
            method_id = find_synthetic_contact(connection)
            dispatch_id = enqueue_synthetic(connection, method_id) if method_id is not None else None
        if dispatch_id is None:
            return []

        def returned() -> bool | None:
            with self._engine.begin() as connection:
                return is_sent(connection, dispatch_id) or None

        if poll(returned, every_s=0.2, within_s=RETURNS_WITHIN_S):
            return []
        return [ResponseFault(FaultKind.NOT_RETURNED, str(dispatch_id), time.monotonic() - began_s)]

    def _note(self, faults: Sequence[ResponseFault]) -> None:
        self._counts = {kind: sum(one.kind is kind for one in faults) for kind in FaultKind}
        for kind, count in self._counts.items():
            metrics.FAULTS.labels(kind.value).set(count)
        metrics.LOOKED.set(SYSTEM_CLOCK.now().timestamp())
        for one in faults:
            log.warning("fault", kind=one.kind.value, subject=one.subject, seconds=round(one.seconds))

    def _beat(self) -> None:
        if self._send(self._settings.heartbeat_url, {"kind": "rencheng_heartbeat"}):
            self._unreached_since_s = None
            metrics.BEATEN.set(SYSTEM_CLOCK.now().timestamp())
        elif self._unreached_since_s is None:
            self._unreached_since_s = time.monotonic()

    def _send(self, url: SecretStr | None, document: object) -> bool:
        """Return whether the receiver accepted it. The URL is a secret, so no error with it is logged."""
        if url is None:
            return False
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), ANSWER_WITHIN_S)
        try:
            answer = httpcore.request(
                "POST",
                url.get_secret_value(),
                headers={"Content-Type": "application/json; charset=utf-8"},
                content=json.dumps(document, ensure_ascii=False).encode(),
                extensions={"timeout": timeouts},
            )
        except (OSError, ValueError, httpcore.TimeoutException, *_BROKEN) as error:
            log.warning("outside alarm not reached", why=type(error).__name__)
            return False
        if answer.status not in _SUCCESS:
            log.warning("outside alarm refuses", status=answer.status)
        return answer.status in _SUCCESS

    def _figures(self) -> dict[str, float | None]:
        since_s = self._unreached_since_s
        figures: dict[str, float | None] = {f"{FAULT_FIGURE}{kind}": count for kind, count in self._counts.items()}
        figures["turn_age_s"] = max(0.0, self._turns.age_s - self._settings.watch_every_s - RETURNS_WITHIN_S)
        return figures | {"no_alarm_s": None if since_s is None else time.monotonic() - since_s}


def _document(faults: Sequence[ResponseFault]) -> dict[str, object]:
    return {
        "kind": "rencheng_faults",
        "at": SYSTEM_CLOCK.now().isoformat(timespec="seconds"),
        "faults": [
            {
                "kind": one.kind.value,
                "subject": one.subject,
                "seconds": round(one.seconds),
                "zh": FAULT_TEXTS[one.kind][0],
                "en": FAULT_TEXTS[one.kind][1],
            }
            for one in faults
        ],
    }
