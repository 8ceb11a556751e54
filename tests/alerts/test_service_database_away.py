"""The database stopped while water rises: warnings go on, and are recorded once when it is back."""

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
from tests.alerts.services import Dispatcher, Service, empty, events, eventually, hasty_site, retained, rows, watch
from tests.conftest import Broker

WHOLE = [(1, "Alert"), (2, "Update"), (3, "Cancel")]


@pytest.fixture(scope="module")
def server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    """A server of this module's own, which its tests may stop."""
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
    watch(engine, hasty_site(1), hasty_site(2))
    yield engine
    engine.dispose()


def test_a_flood_during_an_outage_is_told_at_once_and_recorded_once(
    alerts: Service, gauge: MakeGauge, database: Engine, server: PostgresServer, dispatcher: Dispatcher, broker: Broker
) -> None:
    alerts.start()
    street, other = gauge("G1"), gauge("G2")
    other.send(160, 90)
    eventually(lambda: dispatcher.types("S2"), ["Alert"])
    server.stop("fast")
    street.send(160, 60)
    street.send(450, 50)
    eventually(lambda: dispatcher.types("S1"), ["Alert", "Update"], within_s=5)
    other.clear()
    eventually(lambda: dispatcher.types("S2"), ["Alert", "Cancel"], within_s=5)
    server.start()
    eventually(lambda: events(database), [(1, "Alert"), (2, "Update")])
    street.clear()

    eventually(lambda: events(database), WHOLE)
    eventually(lambda: dispatcher.types("S1"), ["Alert", "Update", "Cancel"])
    recorded = [name for (name,) in rows(database, "SELECT identifier FROM warning_events ORDER BY event_id")]
    assert sorted(recorded) == sorted(dispatcher.identifiers("S1") + dispatcher.identifiers("S2"))
    assert retained(broker, "S2") == dispatcher.identifiers("S2")[-1]
    assert rows(database, "SELECT count(*) FROM warnings WHERE closed_at IS NULL") == [(0,)]
    assert alerts.is_alive


def test_killed_in_an_outage_it_says_the_same_again_and_not_something_else(
    alerts: Service, ingest: Service, gauge: MakeGauge, database: Engine, server: PostgresServer, dispatcher: Dispatcher
) -> None:
    ingest.start()
    alerts.start()
    street = gauge("G1")
    street.send(0, 70)
    eventually(lambda: rows(database, "SELECT count(*) FROM waterlogging_readings"), [(1,)])
    server.kill()
    street.send(160, 60)
    eventually(lambda: dispatcher.types("S1"), ["Alert"])
    alerts.kill()
    server.start()
    alerts.start()

    eventually(lambda: events(database), [(1, "Alert")])
    eventually(lambda: len(dispatcher.types("S1")), 2)
    assert len(set(dispatcher.identifiers("S1"))) == 1


def test_with_the_database_away_at_its_start_it_says_that_it_is_blind_and_works_when_it_comes(
    alerts: Service, ingest: Service, gauge: MakeGauge, database: Engine, server: PostgresServer
) -> None:
    ingest.start()
    alerts.start()
    street = gauge("G1")
    street.send(160, 60)
    eventually(lambda: events(database), [(1, "Alert")])
    alerts.kill()
    server.stop("fast")
    alerts.start(until="blind")
    alerts.says("connected and subscribed")
    street.send(450, 50)  # heard by a service that knows no site yet
    server.start()

    eventually(lambda: events(database), [(1, "Alert"), (2, "Update")])
    street.clear()
    eventually(lambda: events(database), WHOLE)


def test_a_broker_that_restarts_while_the_database_is_away_hears_the_rest_of_the_flood_once(
    alerts: Service, gauge: MakeGauge, database: Engine, server: PostgresServer, broker: Broker, dispatcher: Dispatcher
) -> None:
    alerts.start()
    street = gauge("G1")
    server.stop("fast")
    street.send(160, 60)
    eventually(lambda: dispatcher.types("S1"), ["Alert"])
    street.send(450, 50)
    eventually(lambda: dispatcher.types("S1"), ["Alert", "Update"])
    broker.server.stop()
    alerts.says('"connected": false')
    broker.server.start()
    eventually(lambda: alerts.log.read_text().count("connected and subscribed"), 2)
    street.clear()
    eventually(lambda: dispatcher.types("S1")[-1:], ["Cancel"])
    server.start()

    eventually(lambda: events(database), WHOLE)
    assert dispatcher.types("S1").count("Cancel") == 1
