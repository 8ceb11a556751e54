"""The walk of a warning, in one screen."""

import threading

from rencheng.runtime.logs import get_logger
from rencheng.store.warnings.record import RenderedWarning
from services.alerts.isolation import isolated
from services.alerts.outbox.fast_relay import PATIENCE_S
from services.alerts.settings import AlertSettings
from services.alerts.wiring import Parts, open_parts

log = get_logger("alerts")

IDLE_S = 0.5
"""How long to wait for a message before looking at registry, catch-up and deliveries again."""

UNDER_WAY_S = 0.02
"""While the broker's word on a warning is to come."""


def run(settings: AlertSettings, stop: threading.Event) -> None:
    """Listen, judge, keep and deliver until asked to stop."""
    with open_parts(settings) as parts:
        while not stop.is_set():
            step(parts)
        with isolated("last save"):
            parts.outbox.save()
        with isolated("last delivery"):
            parts.fast_relay.settle(wait_s=PATIENCE_S)


def step(parts: Parts) -> None:
    """Feed → engine → storm control → outbox → delivery. What goes wrong in one of them stops none of the others."""
    parts.source.wait(UNDER_WAY_S if parts.fast_relay.is_in_flight else IDLE_S)
    parts.follow_registry()  # after the wait: a site registered meanwhile is known
    parts.follow_orders()
    parts.nearby.update(parts.directory)
    said: list[RenderedWarning] = []
    for reading, at in parts.source.take(parts.directory, parts.since):
        with isolated("reading", device=reading.device_id, time=reading.time.isoformat()):
            said += parts.judge(reading, at)
    with isolated("what waits"):
        said += parts.tick()
    for one in said:
        _tell(one)
    with isolated("storm control"):
        parts.control_storm()
    committed = False
    with isolated("outbox"):
        committed = parts.outbox.store(said, parts.evaluator.dirty_records())
    with isolated("delivery"):
        parts.deliver(anew=committed)


def _tell(said: RenderedWarning) -> None:
    message = said.message
    log.info(
        "warning",
        message=message.message_type.value,
        site=message.site_id,
        colour=message.level.word,
        rule=message.grounds.rule,
        at=message.issued_at.isoformat(),
    )
