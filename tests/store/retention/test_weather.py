"""Rain signals and forecasts are deleted when they are old, and the world does not matter."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainForecast, RainSignal
from rencheng.store.registry.devices import add_world
from rencheng.store.retention.weather import delete_old_weather
from rencheng.store.weather import save_forecasts, save_signals

NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing(database: Engine) -> Iterator[None]:
    with database.begin() as connection:
        add_world(connection, "drill", "drill")
        connection.execute(text("TRUNCATE rain_signals, rain_forecasts"))
    yield
    with database.begin() as connection:
        connection.execute(text("TRUNCATE rain_signals, rain_forecasts"))


def signal(name: str, world: str = "actual") -> RainSignal:
    return RainSignal(name, "s", MessageType.ALERT, Level.RED, NOW, NOW, NOW + HOUR, ("370102",), world=world)


def forecast(issued_at: datetime, world: str = "actual", source: str = "x") -> RainForecast:
    return RainForecast("370102", source, issued_at, NOW, NOW + HOUR, 10.0, world)


@pytest.mark.parametrize("world", ["actual", "drill"])
def test_what_is_old_is_deleted(database: Engine, world: str) -> None:
    with database.begin() as connection:
        save_signals(connection, [signal("A", world)], "<alert/>")
        save_forecasts(connection, [forecast(NOW, world)])
        kept = delete_old_weather(connection, NOW + 6 * DAY)
        forecasts_gone = delete_old_weather(connection, NOW + 9 * DAY)
        signals_gone = delete_old_weather(connection, NOW + 401 * DAY)

    assert set(kept.values()) == {0}
    assert (forecasts_gone["forecasts_deleted"], forecasts_gone["signals_deleted"]) == (1, 0)
    assert signals_gone["signals_deleted"] == 1


def test_issues_that_later_ones_replaced_are_deleted_in_the_actual_world(database: Engine) -> None:
    issues = [NOW - minutes * timedelta(minutes=10) for minutes in range(12)]
    with database.begin() as connection:
        save_forecasts(connection, [forecast(at, world) for at in issues for world in ("actual", "drill")])
        assert delete_old_weather(connection, NOW)["issues_deleted"] == 5  # two are kept, and those of the last hour


def test_the_oldest_documents_are_emptied_beyond_a_size(database: Engine) -> None:
    for name in ("A", "B", "C"):
        with database.begin() as connection:
            save_signals(connection, [signal(name)], "x" * 1000)
    with database.begin() as connection:
        assert delete_old_weather(connection, NOW, document_bytes=2000)["documents_emptied"] == 1
        left = connection.execute(text("SELECT identifier FROM rain_signals WHERE document <> '' ORDER BY 1")).scalars()
        assert list(left) == ["B", "C"]
        assert save_signals(connection, [signal("A")], "x" * 1000) is False  # known without its document
