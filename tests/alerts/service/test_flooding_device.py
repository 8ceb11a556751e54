"""One device that floods delays no warning of another site, and is itself evaluated to its newest reading."""

import time
from functools import partial

import pytest
from sqlalchemy import Engine

from tests.alerts.conftest import MakeGauge
from tests.conftest import Broker
from tests.support.alert_database import events, quick_site, register_sites
from tests.support.flooder import Flooder
from tests.support.polling import eventually
from tests.support.services import SubscribingService

pytestmark = pytest.mark.long

WARNED_WITHIN_S = 2.0
"""The median of three floods, so that a moment in which the machine does something else does not count."""

ARRAYS, SINGLES = (100, 6500.0), (1, 15_000.0)
"""Readings a message, and messages a second: 40 MB/s of arrays, and the most single readings that a device sends."""


def first_event(database: Engine, site_id: str) -> tuple[int, str] | None:
    return next(iter(events(database, site_id)), None)


@pytest.mark.slow
@pytest.mark.parametrize(("readings", "per_s"), [ARRAYS, SINGLES])
def test_a_flood_of_messages_delays_no_warning_of_another_site(
    readings: int,
    per_s: float,
    alerts: SubscribingService,
    gauge: MakeGauge,
    database: Engine,
    broker: Broker,
) -> None:
    register_sites(database, *(quick_site(number) for number in range(1, 6)))
    alerts.start()
    streets = [gauge(f"G{number}") for number in (2, 3, 4)]
    took_s: list[float] = []
    with Flooder(broker, "G1", readings, per_s).flooding():
        for number, street in enumerate(streets, start=2):
            time.sleep(2)
            began_s = time.monotonic()
            street.send(450, 40)
            eventually(partial(first_event, database, f"S{number}"), (1, "Alert"), within_s=60)
            took_s.append(time.monotonic() - began_s)

    assert sorted(took_s)[1] < WARNED_WITHIN_S, took_s
