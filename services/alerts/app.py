"""The way of a warning, in one screen: source → evaluate → render → suppress → record → relay."""

import sys
import threading
from collections.abc import Iterable

from rencheng.engine.record import Evaluation
from services.alerts import metrics
from services.alerts.isolation import isolated
from services.alerts.settings import AlertSettings
from services.alerts.wiring import AlertService, open_service

IDLE_WAIT_S = 0.5
"""How long to wait for a reading before registry, policies and deliveries are looked at again."""

SWITCH_INTERVAL_S = 0.001
"""How soon the network thread gets the interpreter while readings are evaluated: at 5 ms, the default, it reads at most
50 MB a second, and a device can flood faster on loopback."""

IN_FLIGHT_WAIT_S = 0.02
"""The same while the broker's acknowledgement of a message is outstanding."""

LAST_ACKNOWLEDGEMENTS_S = 5.0
"""How long to wait for outstanding acknowledgements at the end."""


def run(settings: AlertSettings, stop: threading.Event) -> None:
    """Evaluate readings and deliver warnings until asked to stop."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with open_service(settings) as service:
        while not stop.is_set():
            step(service)
            service.progress.turns.turned()
        with isolated("last save"):
            service.outbox.save()
        with isolated("last delivery"):
            service.relay.finish(LAST_ACKNOWLEDGEMENTS_S)


def step(service: AlertService) -> None:
    """Take one turn. An error in one stage is logged and stops no other."""
    service.source.wait(IN_FLIGHT_WAIT_S if service.relay.is_expecting else IDLE_WAIT_S)
    _refresh(service)
    readings = service.source.read(service.registry.directory, service.registry.wanted_since)
    metrics.count_evaluated(len(readings))
    service.evaluator.expect(readings)
    for item in readings:
        with isolated("reading", device=item[0].device_id, time=item[0].time.isoformat()):
            _handle(service, service.evaluator.evaluate(item))
    if service.source.is_listening:  # before that, stored readings would come too late
        with isolated("readings that waited"):
            _handle(service, service.evaluator.tick())
    with isolated("answers to doubts"):
        _handle(service, service.evaluator.settle(service.policies.answers))
    with isolated("suppression"):
        service.suppressor.tick()
        service.outbox.release(service.suppressor.take_released())
    with isolated("record"):
        service.outbox.record(service.evaluator.changed_records())
    with isolated("notices"):
        if service.registry.is_loaded:
            service.notices.add(service.suppressor.notices(service.no_data.sites()))
            service.notices.record()
    with isolated("relay"):
        service.relay.relay()


def _refresh(service: AlertService) -> None:
    """Look up registry, mutes, weather and nearby devices; after the wait, so that a new site is known at once."""
    service.registry.refresh()
    if service.policies.refresh():
        service.suppressor.set_mutes(service.policies.mutes)
    service.nearby.update(service.registry.directory)


def _handle(service: AlertService, evaluations: Iterable[Evaluation]) -> None:
    """Render, commit, suppress and queue. What cannot be rendered is not committed: the next reading finds it again."""
    for evaluation in evaluations:
        with isolated("warning; the next reading finds it again", site=evaluation.site_id):
            warning = service.renderer.render(evaluation)
            service.evaluator.commit(evaluation)
            if warning:
                service.outbox.add(service.suppressor.suppress(warning))
                service.outbox.release(service.suppressor.take_released())
            if evaluation.notice:
                service.suppressor.add_notice(evaluation.notice)
