"""`RegistryCache` sees every change at once and survives the loss of its connection."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from local_stack.postgres import PostgresServer
from rencheng.domain.device import Device
from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.kind import Kind
from rencheng.store.core.database import open_database
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import add_region, load_directory, refresh_directory, register, retire
from tests.support.polling import eventually
from tests.support.store import REGION


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
def cache(engine: Engine) -> Iterator[RegistryCache[dict[str, Device]]]:
    cache = RegistryCache(engine, load_directory)
    yield cache
    cache.close()


def add(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        register(connection, [(Device(name, Kind.SIGNAL, REGION), None)])


def test_every_change_is_visible_at_once(engine: Engine, cache: RegistryCache[dict[str, Device]]) -> None:
    assert cache.current() == {}
    for names in ({"A"}, {"A", "B"}):
        add(engine, max(names))

        eventually(lambda names=names: set(cache.current()) == names)  # type: ignore[misc]
    with engine.begin() as connection:
        retire(connection, "A")

    eventually(lambda: cache.current()["A"].retired_at is not None)


def test_without_a_change_nothing_is_loaded_again(engine: Engine, cache: RegistryCache[dict[str, Device]]) -> None:
    assert cache.current() is cache.current()


def test_only_changed_devices_are_queried(engine: Engine) -> None:
    loads: list[int] = []

    def load(connection: Connection) -> dict[str, Device]:
        loads.append(1)
        return load_directory(connection)

    cache = RegistryCache(engine, load, refresh=refresh_directory)
    cache.current()
    with engine.begin() as connection:
        names = [f"A{number}" for number in range(250)]  # more than one notification holds
        register(connection, [(Device(name, Kind.SIGNAL, REGION, no_return_codes=(9999.0,)), None) for name in names])
    eventually(lambda: set(cache.current()) == set(names))
    assert cache.current()["A7"].no_return_codes == (9999.0,)
    with engine.begin() as connection:
        retire(connection, "A7")
        connection.execute(text("DELETE FROM devices WHERE device_id = 'A8'"))
    eventually(lambda: cache.current()["A7"].retired_at is not None and "A8" not in cache.current())

    assert len(loads) == 1
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE devices"))
    eventually(lambda: cache.current() == {})
    assert len(loads) == 2
    cache.close()


def test_a_change_during_the_first_load_is_not_missed(engine: Engine) -> None:
    def load_slowly(connection: Connection) -> dict[str, Device]:
        loaded = load_directory(connection)
        if "A" not in loaded:
            add(engine, "A")  # commits between the load and the end of its transaction
        return loaded

    cache = RegistryCache(engine, load_slowly)
    first = set(cache.current())

    assert first == set()
    eventually(lambda: set(cache.current()) == {"A"})
    cache.close()


def test_the_last_copy_is_used_during_an_outage_and_refreshed_after_it(
    own_server: PostgresServer, engine: Engine, cache: RegistryCache[dict[str, Device]]
) -> None:
    add(engine, "A")
    cache.current()
    own_server.stop()
    away = [set(cache.current()) for _ in range(3)]
    own_server.start()
    add(engine, "B")  # without a listener: the cache has not reconnected yet

    assert away == [{"A"}] * 3
    assert set(cache.current()) == {"A", "B"}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_between_two_calls_hides_no_change(
    own_server: PostgresServer, engine: Engine, cache: RegistryCache[dict[str, Device]], how: str
) -> None:
    cache.current()
    getattr(own_server, how)()
    own_server.start()
    engine.dispose()
    add(engine, "A")

    assert set(cache.current()) == {"A"}


def test_a_connection_that_was_ended_is_replaced(engine: Engine, cache: RegistryCache[dict[str, Device]]) -> None:
    cache.current()
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND application_name = 'watcher'"
            )
        )
    add(engine, "A")

    eventually(lambda: set(cache.current()) == {"A"})


def test_without_a_copy_an_outage_raises_an_error(own_server: PostgresServer, engine: Engine) -> None:
    engine.dispose()
    own_server.stop()
    cache = RegistryCache(engine, load_directory)
    with pytest.raises(StoreUnavailable):
        cache.current()
    own_server.start()

    assert cache.current() == {}
    cache.close()


def test_a_listening_connection_does_not_return_to_the_pool(
    engine: Engine, cache: RegistryCache[dict[str, Device]]
) -> None:
    cache.current()
    cache.close()
    with engine.connect() as connection:
        channels = connection.execute(text("SELECT pg_listening_channels()")).scalars().all()

    assert channels == []
