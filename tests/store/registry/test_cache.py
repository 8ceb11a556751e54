"""`Watched` sees a change at once, survives what happens to its connection, and never misses one."""

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from local_stack.postgres import PostgresServer
from rencheng.domain.device import Device
from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.kind import Kind
from rencheng.store.core.database import open_database
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import add_region, load_directory, refresh_directory, register, retire
from tests.store.conftest import REGION


@pytest.fixture
def engine(own_server: PostgresServer) -> Iterator[Engine]:
    own_server.start()
    engine = open_database(own_server.url("postgres"), name="watcher")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM devices"))
        add_region(connection, REGION, "历下区", "Lixia")
    yield engine
    engine.dispose()


@pytest.fixture
def watched(engine: Engine) -> Iterator[RegistryCache[dict[str, Device]]]:
    watched = RegistryCache(engine, load_directory)
    yield watched
    watched.close()


def add(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        register(connection, [(Device(name, Kind.SIGNAL, REGION), None)])


def soon(holds: Callable[[], bool]) -> bool:
    """News travel by way of another process of the server: they take some milliseconds."""
    until = time.monotonic() + 2
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.001)
    return held


def test_every_change_is_seen_at_once(engine: Engine, watched: RegistryCache[dict[str, Device]]) -> None:
    assert watched.current() == {}
    for names in ({"A"}, {"A", "B"}):
        add(engine, max(names))

        assert soon(lambda names=names: set(watched.current()) == names)  # type: ignore[misc]
    with engine.begin() as connection:
        retire(connection, "A")

    assert soon(lambda: watched.current()["A"].retired_at is not None)


def test_without_a_change_nothing_is_loaded_again(engine: Engine, watched: RegistryCache[dict[str, Device]]) -> None:
    assert watched.current() is watched.current()


def test_only_what_changed_is_asked_for(engine: Engine) -> None:
    loads: list[int] = []

    def load(connection: Connection) -> dict[str, Device]:
        loads.append(1)
        return load_directory(connection)

    watched = RegistryCache(engine, load, refresh=refresh_directory)
    watched.current()
    with engine.begin() as connection:
        names = [f"A{number}" for number in range(250)]  # more than fit into one message
        register(connection, [(Device(name, Kind.SIGNAL, REGION, no_return_codes=(9999.0,)), None) for name in names])
    assert soon(lambda: set(watched.current()) == set(names))
    assert watched.current()["A7"].no_return_codes == (9999.0,)
    with engine.begin() as connection:
        retire(connection, "A7")
        connection.execute(text("DELETE FROM devices WHERE device_id = 'A8'"))
    assert soon(lambda: watched.current()["A7"].retired_at is not None and "A8" not in watched.current())

    assert len(loads) == 1
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE devices"))
    assert soon(lambda: watched.current() == {})
    assert len(loads) == 2
    watched.close()


def test_a_change_during_the_first_load_is_not_missed(engine: Engine) -> None:
    def load_slowly(connection: Connection) -> dict[str, Device]:
        loaded = load_directory(connection)
        if "A" not in loaded:
            add(engine, "A")  # commits between our look and the end of our transaction
        return loaded

    watched = RegistryCache(engine, load_slowly)
    first = set(watched.current())

    assert first == set()
    assert soon(lambda: set(watched.current()) == {"A"})
    watched.close()


def test_while_the_database_is_away_the_last_copy_serves_and_then_the_news_come(
    own_server: PostgresServer, engine: Engine, watched: RegistryCache[dict[str, Device]]
) -> None:
    add(engine, "A")
    watched.current()
    own_server.stop()
    away = [set(watched.current()) for _ in range(3)]
    own_server.start()
    add(engine, "B")  # told to nobody: the watcher has not connected again yet

    assert away == [{"A"}] * 3
    assert set(watched.current()) == {"A", "B"}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_between_two_looks_hides_no_change(
    own_server: PostgresServer, engine: Engine, watched: RegistryCache[dict[str, Device]], how: str
) -> None:
    watched.current()
    getattr(own_server, how)()
    own_server.start()
    engine.dispose()
    add(engine, "A")

    assert set(watched.current()) == {"A"}


def test_a_connection_that_was_ended_is_replaced(engine: Engine, watched: RegistryCache[dict[str, Device]]) -> None:
    watched.current()
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND application_name = 'watcher'"
            )
        )
    add(engine, "A")

    assert soon(lambda: set(watched.current()) == {"A"})


def test_with_no_copy_yet_and_no_database_it_says_so(own_server: PostgresServer, engine: Engine) -> None:
    engine.dispose()
    own_server.stop()
    watched = RegistryCache(engine, load_directory)
    with pytest.raises(StoreUnavailable):
        watched.current()
    own_server.start()

    assert watched.current() == {}
    watched.close()


def test_what_listened_does_not_go_back_into_the_pool(
    engine: Engine, watched: RegistryCache[dict[str, Device]]
) -> None:
    watched.current()
    watched.close()
    with engine.connect() as connection:
        channels = connection.execute(text("SELECT pg_listening_channels()")).scalars().all()

    assert channels == []
