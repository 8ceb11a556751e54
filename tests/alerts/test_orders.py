"""What people and the weather service say reaches the engine within seconds, and outlives a database that is away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainSignal
from rencheng.engine.rain.readiness import Readiness
from rencheng.store.warnings.mutes import add_mute
from rencheng.store.weather import save_signal
from services.alerts.policy_cache import PolicyCache
from tests.alerts.services import hasty_site, watch

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
SIGNAL = RainSignal("W1", "weather", MessageType.ALERT, Level.ORANGE, NOW, NOW, NOW + HOUR, ("370100",))


@pytest.fixture
def orders(database: Engine, monkeypatch: pytest.MonkeyPatch) -> PolicyCache:
    monkeypatch.setattr("services.alerts.policy_cache.REFRESH_EVERY_S", 0.0)
    watch(database, hasty_site(1))
    return PolicyCache(database)


def test_a_rain_signal_makes_the_sites_of_its_region_ready_while_it_holds(
    orders: PolicyCache, database: Engine
) -> None:
    site = hasty_site(1)
    assert orders.readiness(site, NOW) == Readiness()
    with database.begin() as connection:
        save_signal(connection, SIGNAL, "<alert/>")
    assert orders.refresh()

    assert orders.readiness(site, NOW) == Readiness(Level.ORANGE, "rain signal W1")
    assert orders.readiness(site, NOW + HOUR) == Readiness()
    assert orders.readiness(site, NOW + HOUR / 2).level is Level.ORANGE
    assert orders.readiness(replace(site, region="370200"), NOW) == Readiness()
    assert orders.readiness(replace(site, world="drill"), NOW) == Readiness()


def test_mutes_are_kept_while_the_database_is_away(
    orders: PolicyCache, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as connection:
        add_mute(connection, Silence("", MuteScope(site_id="S1"), Level.RED, NOW, NOW + HOUR, "x"), "a test")
    assert orders.refresh()
    kept = orders.mutes

    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(database, "connect", fail)
    assert orders.refresh() is False
    assert orders.mutes == kept
    assert [mute.scope.site_id for mute in kept] == ["S1"]


def test_orders_are_looked_up_now_and_then(database: Engine) -> None:
    orders = PolicyCache(database)

    assert orders.refresh() is True
    assert orders.refresh() is False
