"""A gauge whose clock is slow: API, status and notice say so, instead of `ok` beside a depth above the thresholds."""

import time
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import Engine

from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.registry.monitoring import late_gauges
from tests.alerts.conftest import MakeGauge
from tests.support.alert_database import quick_site, register_sites, rows
from tests.support.api import PATIENCE_S, serving
from tests.support.mqtt_clients import Dispatch
from tests.support.polling import eventually
from tests.support.services import SubscribingService

LAG_S = 2000
WORLD = "drill-1"
START = datetime.now(UTC) - timedelta(days=9)


def test_a_gauge_that_was_never_punctual_is_late_and_not_ok(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site())
    with database.begin() as connection:
        token = api_keys.create(connection, "a test", list(KeyScope))
    ingest.start()
    alerts.start()
    one = gauge("G1")
    for number in range(8):
        one.send(48 * number, LAG_S - number)
    url = database.url.render_as_string(hide_password=False)
    with serving(url) as address, httpx.Client(base_url=address, headers={"X-API-Key": token}) as api:
        api.timeout = httpx.Timeout(PATIENCE_S)
        eventually(lambda: api.get("/v1/sites/S1").json()["monitoring"]["reason"], "late", within_s=10)
        site = api.get("/v1/sites/S1").json()
        assert (site["level"], site["depth_mm"], site["monitoring"]["state"]) == ("none", None, "no_data")
        assert LAG_S - 20 < site["monitoring"]["lag_s"] < LAG_S + 10
        assert site["gauges"][0]["monitoring"]["reason"] == "late"
        with database.connect() as connection:
            assert list(late_gauges(connection)) == ["G1"]
        status = api.get("/v1/status").json()
        assert (status["no_data"], status["sites"][0]["monitoring"]["reason"]) == (1, "late")

        one.send(0)
        one.send(2)
        eventually(lambda: api.get("/v1/sites/S1").json()["monitoring"]["state"], "ok", within_s=10)


def test_the_notice_names_a_late_gauge_and_its_lag(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, dispatch: Dispatch
) -> None:
    """In an exercise the time is that of the readings, so that minutes pass at once."""
    register_sites(database, quick_site(1, WORLD), quick_site(2, WORLD))
    alerts.start()
    late, punctual = gauge("G1"), gauge("G2")
    for gauge_, seconds in (
        (punctual, range(0, 2101, 100)),
        (late, (130, 140, 150)),
        (punctual, range(2120, 2301, 20)),
    ):
        for second in seconds:
            gauge_.send_at(0, START + timedelta(seconds=second))
        time.sleep(1)  # what arrives together is evaluated in order of sample time, and nothing of it is late
    topic = f"rencheng/v1/notice/monitoring/{WORLD}/S1"
    eventually(lambda: [found for found, _ in dispatch.notices], [topic])
    [(_, document)] = dispatch.notices
    assert "G1数据迟到或时钟偏慢（1950秒）" in document["text"]["zh"]
    eventually(lambda: rows(database, "SELECT count(*) FROM notices"), [(1,)])
