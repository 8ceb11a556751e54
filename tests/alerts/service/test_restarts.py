"""The alert service stopped, killed, disconnected: nothing is repeated, and missed readings are evaluated."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.store.registry.devices import register
from tests.alerts.conftest import MakeGauge
from tests.conftest import Broker
from tests.support.alert_database import REGION, events, quick_site, register_sites, rows, stored
from tests.support.mqtt_clients import Dispatch, retained
from tests.support.polling import eventually
from tests.support.services import SubscribingService

WHOLE = [(1, "Alert"), (2, "Update"), (3, "Cancel")]


def delivered(database: Engine) -> int:
    """Return how many deliveries are marked. A service killed before it marks one delivers it once more."""
    count: int = rows(database, "SELECT count(delivered_at) FROM deliveries")[0][0]
    return count


@pytest.mark.parametrize("end", [SubscribingService.stop, SubscribingService.kill], ids=["asked to stop", "killed"])
def test_a_restart_in_mid_flood_repeats_nothing_and_the_flood_is_cleared(
    alerts: SubscribingService,
    ingest: SubscribingService,
    gauge: MakeGauge,
    database: Engine,
    dispatch: Dispatch,
    end: Callable[[SubscribingService], object],
) -> None:
    register_sites(database, quick_site())
    ingest.start()
    alerts.start()
    street = gauge("G1")
    street.send(160, 60)
    eventually(lambda: delivered(database), 1)
    end(alerts)
    alerts.start()
    street.send(450, 40)
    eventually(lambda: delivered(database), 2)
    end(alerts)
    street.clear()
    eventually(lambda: stored(database), 5)
    alerts.start()

    eventually(lambda: events(database), WHOLE)
    eventually(lambda: dispatch.types("S1"), ["Alert", "Update", "Cancel"])
    assert rows(database, "SELECT count(*), count(closed_at) FROM warnings") == [(1, 1)]


def test_a_flood_that_rises_while_the_service_is_down_is_delivered_when_it_is_back(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(1), quick_site(2, "drill-1"))
    ingest.start()
    gauge("G1").send(450, 30)
    gauge("G2").send_at(450, datetime.now(UTC) - timedelta(days=9))
    eventually(lambda: stored(database), 2)
    alerts.start()

    eventually(lambda: (events(database, "S1"), events(database, "S2")), ([(1, "Alert")], [(1, "Alert")]))


def test_rain_that_falls_while_the_service_is_down_is_counted_when_it_is_back(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    street = quick_site()
    sensors = (*street.sensors, BoundSensor("R1", Role.RAIN))
    register_sites(database, replace(street, sensors=sensors, depth_gauge_ids=(), rain_gauge_ids=()))
    with database.begin() as connection:
        register(connection, [(Device("R1", Kind.WATERLOGGING, REGION), None)])
    ingest.start()
    cloud = gauge("R1")
    for minutes_ago in (20, 10, 1):
        cloud.send_rain(25.0, 60.0 * minutes_ago)
    eventually(lambda: rows(database, "SELECT count(*) FROM waterlogging_readings"), [(3,)])
    alerts.start()

    eventually(lambda: events(database), [(1, "Alert")])


def test_killed_between_commit_and_delivery_it_delivers_at_the_next_start(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, broker: Broker
) -> None:
    register_sites(database, quick_site())
    alerts.start()
    street = gauge("G1")
    with database.begin() as holding:
        holding.execute(text("LOCK TABLE warnings IN SHARE MODE"))
        street.send(450)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'warnings'::regclass"
        eventually(lambda: rows(database, waiting), [(1,)])
        broker.server.stop()
    eventually(lambda: events(database), [(1, "Alert")])
    alerts.kill()
    assert rows(database, "SELECT delivered_at FROM deliveries") == [(None,)]
    broker.server.start()
    assert retained(broker, "S1") is None
    alerts.start()

    eventually(lambda: delivered(database), 1)
    assert [(retained(broker, "S1"),)] == rows(database, "SELECT identifier FROM warning_events")
    assert events(database) == [(1, "Alert")]


def test_a_reading_that_only_ingest_received_during_a_disconnection_raises_the_warning(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine, broker: Broker
) -> None:
    register_sites(database, quick_site())
    ingest.start()
    alerts.start()
    street = gauge("G1")
    street.send(0, 60)
    password = broker.passwords.pop("rencheng-alerts")
    broker.add_accounts()
    alerts.wait_for('"connected": false')
    street.send(450, 30)
    eventually(lambda: stored(database), 3)  # the service may read it there already
    broker.passwords["rencheng-alerts"] = password
    broker.add_accounts()

    eventually(lambda: events(database), [(1, "Alert"), (2, "Update")])  # possible, then observed


def test_a_broker_that_restarts_in_mid_flood_costs_no_reading(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine, broker: Broker
) -> None:
    register_sites(database, quick_site())
    ingest.start()
    alerts.start()
    street = gauge("G1")
    street.send(160, 60)
    eventually(lambda: events(database), [(1, "Alert")])
    broker.server.stop()
    broker.server.start()
    street.send(450, 40)  # perhaps before either service is back: the broker holds it for ingest alone
    street.clear()

    eventually(lambda: events(database), WHOLE, within_s=60)
    eventually(lambda: retained(broker, "S1"), rows(database, "SELECT max(identifier) FROM warning_events")[0][0])


def test_a_backlog_of_ingest_is_evaluated(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(1), quick_site(2))
    ingest.start()
    ingest.kill()
    street = gauge("G1")
    street.send(450, 60)  # the broker holds it for ingest, and the alert service has not come yet
    alerts.start()
    alerts.wait_for("stored readings merged")
    gauge("G2").send(450, 60)
    eventually(lambda: events(database, "S2"), [(1, "Alert")])
    assert events(database, "S1") == []
    ingest.start()

    eventually(lambda: events(database, "S1"), [(1, "Alert")])


def test_an_earlier_warning_that_was_not_delivered_does_not_overwrite_a_later_one(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, broker: Broker, dispatch: Dispatch
) -> None:
    register_sites(database, quick_site())
    alerts.start()
    street = gauge("G1")
    street.send(160, 60)
    street.send(450, 50)
    eventually(lambda: dispatch.types("S1"), ["Alert", "Update"])
    eventually(lambda: delivered(database), 2)
    with database.begin() as connection:
        connection.execute(
            text("UPDATE deliveries SET delivered_at = NULL WHERE event_id = (SELECT min(event_id) FROM deliveries)")
        )
    alerts.stop()
    alerts.start()

    eventually(lambda: delivered(database), 2)
    time.sleep(0.3)
    assert dispatch.types("S1") == ["Alert", "Update"]
    assert [(retained(broker, "S1"),)] == rows(database, "SELECT max(identifier) FROM warning_events")
