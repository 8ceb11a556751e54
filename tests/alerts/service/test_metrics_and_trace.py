"""What an operator sees of the running service: its metrics, and one trace id from a reading to its delivery."""

import json
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from local_stack.ports import choose_port
from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.domain.trace import trace_id_of
from rencheng.store.warnings.mutes import add_mute
from tests.alerts.conftest import MakeGauge, MakeService
from tests.support.alert_database import quick_site, register_sites, rows
from tests.support.mqtt_clients import Dispatch
from tests.support.polling import eventually
from tests.support.services import SubscribingService


class Metrics:
    """The metrics of the alert service, as Prometheus reads them."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"

    def value(self, name: str, **labels: str) -> float:
        """Return a sample; 0 if there is none."""
        with urlopen(self._url, timeout=5) as answer:  # noqa: S310 - our own process on loopback
            families = text_string_to_metric_families(answer.read().decode())
        samples = [sample for family in families for sample in family.samples]
        return sum(
            sample.value
            for sample in samples
            if sample.name == f"rencheng_alerts_{name}" and labels.items() <= sample.labels.items()
        )


def test_metrics_follow_readings_levels_suppression_and_delivery(
    make_service: MakeService, gauge: MakeGauge, database: Engine, dispatch: Dispatch
) -> None:
    register_sites(database, quick_site(1), quick_site(2), quick_site(3))
    now = datetime.now(UTC)
    silence = Silence("", MuteScope(site_id="S2"), Level.RED, now, now + timedelta(hours=1), "pump test")
    with database.begin() as connection:
        add_mute(connection, silence, "a test")
    port = choose_port(seed="alert metrics", avoid=())
    metrics = Metrics(port)
    make_service("alerts", RENCHENG_ALERTS_METRICS_PORT=str(port)).start()
    gauge("G1").send(450)
    gauge("G2").send(160)
    eventually(lambda: dispatch.types("S1"), ["Alert"])

    eventually(lambda: metrics.value("evaluated_readings_total"), 2.0)
    eventually(lambda: metrics.value("level_changes_total", level="red"), 1.0)
    eventually(lambda: metrics.value("suppressed_messages_total", reason="silence"), 1.0)
    eventually(lambda: metrics.value("relay_lag_seconds_count") >= 1)  # the summary of the region is another one
    assert metrics.value("relay_lag_seconds_sum") < 5
    eventually(lambda: metrics.value("in_flight_messages"), 0.0)
    eventually(lambda: metrics.value("backlog"), 0.0)
    eventually(lambda: metrics.value("sites"), 3.0)
    assert metrics.value("sites_without_data") >= 1
    assert metrics.value("database_failures_total") == 0


def test_one_trace_id_leads_from_a_reading_to_the_delivery_of_its_warning(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, dispatch: Dispatch
) -> None:
    register_sites(database, quick_site(1))
    alerts.start()
    at = datetime.now(UTC)
    gauge("G1").send_at(450, at)
    eventually(lambda: dispatch.types("S1"), ["Alert"])
    alerts.wait_for("message delivered")
    lines = [json.loads(line) for line in alerts.output().splitlines()]
    trace_id = trace_id_of("G1", at)

    assert [line["event"] for line in lines if line.get("trace_id") == trace_id] == [
        "level changed",
        "warning rendered",
        "warning stored",
        "message delivered",
    ]
    assert rows(database, "SELECT trace_id FROM deliveries") == [(trace_id,)]
