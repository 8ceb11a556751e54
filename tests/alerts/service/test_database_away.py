"""The database stops while water rises: warnings are delivered, and recorded once when it is back."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

import migrations
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from tests.alerts.conftest import MakeGauge
from tests.conftest import Broker
from tests.support.alert_database import empty, events, quick_site, register_sites, rows
from tests.support.mqtt_clients import Dispatch, retained
from tests.support.polling import eventually
from tests.support.services import SubscribingService

WHOLE = [(1, "Alert"), (2, "Update"), (3, "Cancel")]


@pytest.fixture(scope="module")
def server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    """A server that the tests of this module may stop."""
    folder, port = server_folder / f"postgres-{secrets.token_hex(4)}", choose_port(seed=secrets.token_hex(4), avoid=())
    server = PostgresServer(programs, folder, port, password=secrets.token_hex(8))
    server.initialise()
    server.start()
    server.create_database("alerts")
    migrations.upgrade(server.url("alerts"))
    yield server
    server.stop("immediate")


@pytest.fixture
def database(server: PostgresServer) -> Iterator[Engine]:
    server.start()
    engine = create_engine(server.url("alerts"), pool_pre_ping=True)
    empty(engine)
    register_sites(engine, quick_site(1), quick_site(2))
    yield engine
    engine.dispose()


def test_a_flood_during_an_outage_is_delivered_at_once_and_recorded_once(
    alerts: SubscribingService,
    gauge: MakeGauge,
    database: Engine,
    server: PostgresServer,
    dispatch: Dispatch,
    broker: Broker,
) -> None:
    alerts.start()
    street, other = gauge("G1"), gauge("G2")
    other.send(160, 90)
    eventually(lambda: dispatch.types("S2"), ["Alert"])
    server.stop("fast")
    street.send(160, 60)
    street.send(450, 50)
    eventually(lambda: dispatch.types("S1"), ["Alert", "Update"], within_s=5)
    other.clear()
    eventually(lambda: dispatch.types("S2"), ["Alert", "Cancel"], within_s=5)
    server.start()
    eventually(lambda: events(database), [(1, "Alert"), (2, "Update")])
    street.clear()

    eventually(lambda: events(database), WHOLE)
    eventually(lambda: dispatch.types("S1"), ["Alert", "Update", "Cancel"])
    recorded = [name for (name,) in rows(database, "SELECT identifier FROM warning_events ORDER BY event_id")]
    assert sorted(recorded) == sorted(dispatch.identifiers("S1") + dispatch.identifiers("S2"))
    assert retained(broker, "S2") == dispatch.identifiers("S2")[-1]
    assert rows(database, "SELECT count(*) FROM warnings WHERE closed_at IS NULL") == [(0,)]
    assert alerts.is_running


def test_killed_in_an_outage_it_delivers_the_same_messages_again(
    alerts: SubscribingService,
    ingest: SubscribingService,
    gauge: MakeGauge,
    database: Engine,
    server: PostgresServer,
    dispatch: Dispatch,
) -> None:
    ingest.start()
    alerts.start()
    street = gauge("G1")
    street.send(0, 70)
    eventually(lambda: rows(database, "SELECT count(*) FROM waterlogging_readings"), [(1,)])
    server.kill()
    street.send(160, 60)
    eventually(lambda: dispatch.types("S1"), ["Alert", "Update"])  # possible, then observed
    alerts.kill()
    server.start()
    alerts.start()

    eventually(lambda: events(database), [(1, "Alert"), (2, "Update")])
    eventually(lambda: len(dispatch.types("S1")), 4)
    assert len(set(dispatch.identifiers("S1"))) == 2


def test_a_start_without_the_database_is_logged_and_works_once_it_is_there(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine, server: PostgresServer
) -> None:
    ingest.start()
    alerts.start()
    street = gauge("G1")
    street.send(160, 60)
    eventually(lambda: events(database), [(1, "Alert")])
    alerts.kill()
    server.stop("fast")
    alerts.start(until="no site is monitored")
    alerts.wait_for("connected and subscribed")
    street.send(450, 50)  # received by a service that knows no site yet
    server.start()

    eventually(lambda: events(database), [(1, "Alert"), (2, "Update")])
    street.clear()
    eventually(lambda: events(database), WHOLE)


def test_a_broker_that_restarts_while_the_database_is_away_receives_the_rest_of_the_flood_once(
    alerts: SubscribingService,
    gauge: MakeGauge,
    database: Engine,
    server: PostgresServer,
    broker: Broker,
    dispatch: Dispatch,
) -> None:
    alerts.start()
    street = gauge("G1")
    server.stop("fast")
    street.send(160, 60)
    eventually(lambda: dispatch.types("S1"), ["Alert"])
    street.send(450, 50)
    eventually(lambda: dispatch.types("S1"), ["Alert", "Update"])
    broker.server.stop()
    alerts.wait_for('"connected": false')
    broker.server.start()
    eventually(lambda: alerts.output().count("connected and subscribed"), 2)
    street.clear()
    eventually(lambda: dispatch.types("S1")[-1:], ["Cancel"])
    server.start()

    eventually(lambda: events(database), WHOLE)
    assert dispatch.types("S1").count("Cancel") == 1
