"""Mutes and weather take effect within seconds, and stay in use while the database is away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.domain.nowcast import NO_NOWCAST, Nowcast, SiteNowcast
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainSignal
from rencheng.engine.rain.readiness import Readiness
from rencheng.store.nowcasts import save_nowcasts
from rencheng.store.warnings.mutes import add_mute
from rencheng.store.weather import save_signals
from services.alerts.policy_cache import REFRESH_EVERY_S, PolicyCache
from tests.support.alert_database import quick_site, register_sites
from tests.support.clock import ManualClock
from tests.support.outage import database_away

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
SIGNAL = RainSignal("W1", "weather", MessageType.ALERT, Level.ORANGE, NOW, NOW, NOW + HOUR, ("370100",))


@pytest.fixture
def policies(database: Engine) -> PolicyCache:
    register_sites(database, quick_site(1))
    return PolicyCache(database, refresh_every_s=0.0)


def test_a_rain_signal_makes_the_sites_of_its_region_ready_while_it_holds(
    policies: PolicyCache, database: Engine
) -> None:
    site = quick_site(1)
    assert policies.readiness(site, NOW) == Readiness()
    with database.begin() as connection:
        save_signals(connection, [SIGNAL], "<alert/>")
    assert policies.refresh()

    assert policies.readiness(site, NOW) == Readiness(Level.ORANGE, "rain signal W1")
    assert policies.readiness(site, NOW + HOUR) == Readiness()
    assert policies.readiness(site, NOW + HOUR / 2).level is Level.ORANGE
    assert policies.readiness(replace(site, region="370200"), NOW) == Readiness()
    assert policies.readiness(replace(site, world="drill"), NOW) == Readiness()


def test_a_nowcast_of_a_site_counts_for_half_an_hour_and_a_newer_one_replaces_it(
    policies: PolicyCache, database: Engine
) -> None:
    site = quick_site(1)
    first, second = (
        SiteNowcast(site.site_id, at, Nowcast(at.timestamp(), "radar", ((1.0, ((600.0, mm),)),)))
        for at, mm in ((NOW - HOUR / 4, 5.0), (NOW, 9.0))
    )
    with database.begin() as connection:
        assert save_nowcasts(connection, [first]) == 1
    assert policies.refresh()
    assert policies.readiness(site, NOW).nowcast == first.nowcast
    assert policies.readiness(site, NOW - HOUR / 2).nowcast == NO_NOWCAST
    with database.begin() as connection:
        assert save_nowcasts(connection, [first, second]) == 1
    assert policies.refresh()

    assert policies.readiness(site, NOW).nowcast == second.nowcast
    assert policies.readiness(site, NOW - HOUR / 8).nowcast == first.nowcast
    assert policies.readiness(site, NOW + HOUR / 2).nowcast == NO_NOWCAST
    assert policies.readiness(replace(site, site_id="another"), NOW).nowcast == NO_NOWCAST


def test_mutes_are_kept_while_the_database_is_away(
    policies: PolicyCache, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as connection:
        add_mute(connection, Silence("", MuteScope(site_id="S1"), Level.RED, NOW, NOW + HOUR, "x"), "a test")
    assert policies.refresh()
    kept = policies.mutes

    with database_away(database, monkeypatch):
        assert policies.refresh() is False
    assert policies.mutes == kept
    assert [mute.scope.site_id for mute in kept] == ["S1"]


def test_copies_are_read_again_at_intervals(database: Engine) -> None:
    clock = ManualClock(NOW)
    policies = PolicyCache(database, clock)
    found = [policies.refresh(), policies.refresh()]
    clock.advance(REFRESH_EVERY_S)

    assert [*found, policies.refresh()] == [True, False, True]
