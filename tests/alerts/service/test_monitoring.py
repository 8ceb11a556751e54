"""A site whose monitoring is lost, in the running service: a notice on MQTT, in the database, and its end."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.alerts.conftest import MakeGauge
from tests.support.alert_database import quick_site, register_sites, rows
from tests.support.mqtt_clients import Dispatch, GaugeClient
from tests.support.polling import eventually
from tests.support.services import SubscribingService

WORLD = "drill-1"
"""In an exercise the time is that of the readings, so that hours pass at once."""

START = datetime.now(UTC) - timedelta(days=9)


def report(gauge: GaugeClient, *minutes: float) -> None:
    for minute in minutes:
        gauge.send_at(0, START + timedelta(minutes=minute))


def notices(dispatch: Dispatch) -> list[tuple[str, bool]]:
    return [(topic, document["in_force"]) for topic, document in dispatch.notices]


@pytest.fixture
def topic() -> str:
    return f"rencheng/v1/notice/monitoring/{WORLD}/S1"


def test_a_site_that_loses_its_gauge_and_gets_it_back_is_published_and_recorded(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, dispatch: Dispatch, topic: str
) -> None:
    register_sites(database, quick_site(1, WORLD), quick_site(2, WORLD))
    alerts.start()
    lost, other = gauge("G1"), gauge("G2")
    report(lost, *range(10))
    report(other, *range(10))
    report(other, *range(10, 240, 10))  # the time goes on; G1 is silent
    eventually(lambda: notices(dispatch), [(topic, True)])
    alerts.kill()
    alerts.start()
    report(lost, *range(240, 330, 5))

    eventually(lambda: notices(dispatch), [(topic, True), (topic, False)])
    kept = rows(database, "SELECT kind, world, topic, in_force FROM notices ORDER BY notice_id")
    assert kept == [("monitoring", WORLD, "S1", True), ("monitoring", WORLD, "S1", False)]
