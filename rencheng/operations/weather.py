"""Accept rain signals, forecasts and nowcasts, and withdraw signals and forecasts."""

from collections.abc import Sequence

from rencheng.domain.errors import NotPossible
from rencheng.domain.nowcast import SiteNowcast
from rencheng.domain.site import Site
from rencheng.domain.weather import RainForecast, RainSignal
from rencheng.store import nowcasts as nowcast_store
from rencheng.store import weather as store
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.core.guarded_rows import ignore
from rencheng.store.registry.sites import find_sites, load_sites

NAMED_MAX = 20
"""The most regions that an entry of the audit log names."""


def accept_signals(connection: Connection, signals: Sequence[RainSignal], document: str, *, actor: str) -> bool:
    """Save the signals of one message as received, also those that end others. Return False if they were saved before.

    Raises:
        NotPossible: another message with the same identifier was saved before, or there were too many today.
    """
    if not store.save_signals(connection, signals, document):
        return False
    first = signals[0]
    regions = sorted({region for each in signals for region in each.regions})
    detail = {
        "type": first.message_type.value,
        "level": max(each.level for each in signals).word,
        "world": first.world,
        "regions": regions[:NAMED_MAX],
        "regions_number": len(regions),
        "parts": len(signals),
        "ends": all(each.is_ending for each in signals),
        "expires_at": max(each.expires_at for each in signals).isoformat(),
        "references": list(first.references[:NAMED_MAX]),
    }
    audit.record(connection, actor, "weather.signal", f"signal {first.identifier}", detail)
    return True


def withdraw_signal(connection: Connection, identifier: str, world: str, *, actor: str) -> None:
    """Withdraw a message that was accepted in error. It does not count if it is repeated.

    Raises:
        NotPossible: there is none that is not withdrawn.
    """
    if not store.withdraw_signal(connection, identifier, world):
        raise NotPossible(f"there is no rain signal {identifier!r} in the world {world} that is not withdrawn")
    audit.record(connection, actor, "weather.withdraw", f"signal {identifier}", {"world": world})


def accept_forecasts(connection: Connection, forecasts: Sequence[RainForecast], *, actor: str) -> int:
    """Save forecasts, and return the number of new ones. A repeated issue changes nothing.

    Raises:
        NotPossible: there would be too many.
    """
    new = store.save_forecasts(connection, forecasts)
    if new:
        regions = sorted({each.region for each in forecasts})
        detail = {
            "new": new,
            "sources": sorted({each.source for each in forecasts})[:NAMED_MAX],
            "worlds": sorted({each.world for each in forecasts})[:NAMED_MAX],
            "regions": regions[:NAMED_MAX],
            "regions_number": len(regions),
            "valid_from": min(each.valid_from for each in forecasts).isoformat(),
            "valid_to": max(each.valid_to for each in forecasts).isoformat(),
        }
        audit.record(connection, actor, "weather.forecast", "forecasts", detail)
    return new


def sites_of_nowcast(connection: Connection, site_ids: Sequence[str], world: str) -> dict[str, Site]:
    """Return the sites of a nowcast: those that it names, or all of the world for a grid, which names none.

    Raises:
        NotPossible: a named site is not registered in the world.
    """
    if not site_ids:
        return {name: site for name, site in load_sites(connection, on_invalid=ignore).items() if site.world == world}
    found = {name: site for name, site in find_sites(connection, site_ids).items() if site.world == world}
    if unknown := [name for name in site_ids if name not in found]:
        raise NotPossible(f"the world {world} has no site {unknown[0]!r}: register it, or leave it out")
    return found


def accept_nowcasts(connection: Connection, nowcasts: Sequence[SiteNowcast], *, actor: str) -> int:
    """Save nowcasts of registered sites, and return the number of new ones. A repeated issue changes nothing."""
    new = nowcast_store.save_nowcasts(connection, nowcasts)
    if new:
        named = sorted(each.site_id for each in nowcasts)
        detail = {"new": new, "sites": named[:NAMED_MAX], "issued_at": nowcasts[0].issued_at.isoformat()}
        audit.record(connection, actor, "weather.nowcast", f"nowcasts of {nowcasts[0].nowcast.source}", detail)
    return new


def withdraw_forecasts(
    connection: Connection, world: str, source: str, region: str | None = None, *, actor: str
) -> list[str]:
    """Withdraw the forecasts of a source, of one region or of all. Return the region of each."""
    regions = store.withdraw_forecasts(connection, world, source, region)
    if regions:
        detail = {"world": world, "regions": sorted(set(regions))[:NAMED_MAX], "withdrawn": len(regions)}
        audit.record(connection, actor, "weather.withdraw", f"forecasts of {source}", detail)
    return regions
