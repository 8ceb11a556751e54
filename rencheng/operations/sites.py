"""Change sites: register, replace, bind and unbind. Dangerous changes ask for a confirmation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rencheng.domain.errors import ConfirmationRequired, NotPossible
from rencheng.domain.plausibility import doubts_of, doubts_of_gauges
from rencheng.domain.region import has_province
from rencheng.domain.sensor import BoundSensor
from rencheng.domain.site import Site
from rencheng.operations.differences import differences, tag_of
from rencheng.schemas.site import site_form
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.registry import bindings
from rencheng.store.registry.devices import ensure_region
from rencheng.store.registry.sites import find_sites, register_site, replace_sites


@dataclass(frozen=True, slots=True)
class SavedSite:
    """A site after a change: the version of its thresholds, and the devices that the change unbound."""

    site: Site
    version: int
    unbound: tuple[str, ...]


def save_sites(
    connection: Connection, wanted: Sequence[Site], *, actor: str, confirm: bool = False
) -> dict[str, SavedSite]:
    """Register or change sites exactly as given, all or none. Devices that they do not name are unbound.

    Args:
        connection: the transaction.
        wanted: the sites, with all of their sensors.
        actor: who asks, for the audit and the versions of the thresholds.
        confirm: whether dangerous changes are meant.

    Raises:
        NotPossible: a depth gauge serves another site, or a site of this name is in another world.
        ConfirmationRequired: a value is implausible, or a site loses its last depth gauge.
    """
    names = [site.site_id for site in wanted]
    before = _lock(connection, names)
    for region in sorted({site.region for site in wanted}):
        _add_region(connection, region)
    gauges = bindings.depth_gauges(connection)
    versions = replace_sites(connection, wanted, made_by=actor)
    doubts = [doubt for site in wanted for doubt in doubts_of(site, before.sites.get(site.site_id))]
    confirmed = require_confirmation([*doubts, *lost_gauges(connection, gauges)], confirm=confirm)
    return _record(connection, wanted, before, versions, actor, confirmed)


def change_site(connection: Connection, site: Site, *, actor: str, confirm: bool = False) -> SavedSite:
    """Register or change a site. Bindings that it does not name stay. Raises as `save_sites` does."""
    before = _lock(connection, [site.site_id])
    gauges = bindings.depth_gauges(connection)
    _add_region(connection, site.region)
    version = register_site(connection, site, made_by=actor)
    doubts = [*doubts_of(site, before.sites.get(site.site_id)), *lost_gauges(connection, gauges)]
    confirmed = require_confirmation(doubts, confirm=confirm)
    return _record(connection, [site], before, {site.site_id: version}, actor, confirmed)[site.site_id]


def bind_device(
    connection: Connection, site: Site, sensor: BoundSensor, *, actor: str, confirm: bool = False
) -> SavedSite:
    """Bind a device to a site, or change its role and height. Raises as `save_sites` does."""
    others = tuple(each for each in site.sensors if each.device_id != sensor.device_id)
    wanted = replace(site, sensors=(*others, sensor), depth_gauge_ids=(), rain_gauge_ids=())
    return change_site(connection, wanted, actor=actor, confirm=confirm)


def unbind_device(connection: Connection, site_id: str, device_id: str, *, actor: str, confirm: bool = False) -> None:
    """Unbind a device from a site.

    Raises:
        NotPossible: it is not bound there.
        ConfirmationRequired: it is the last depth gauge of the site.
    """
    before = _lock(connection, [site_id])
    gauges = bindings.depth_gauges(connection)
    if not bindings.unbind(connection, site_id, device_id):
        raise NotPossible(f"{device_id} is not bound to {site_id}; `rencheng site show {site_id}` shows what is")
    confirmed = require_confirmation(lost_gauges(connection, gauges), confirm=confirm)
    versions = {name: site.profile.version for name, site in before.sites.items()}
    _record(connection, list(before.sites.values()), before, versions, actor, confirmed)


def registration_tag(site: Site) -> str:
    """Return a tag that changes with every change of a site's registration."""
    return tag_of(site_form(site))


def _add_region(connection: Connection, region: str) -> None:
    if not has_province(region):
        raise NotPossible(f"{region} lies in no province; give a GB/T 2260 code, such as 370102 for Lixia, Jinan")
    ensure_region(connection, region)


def lost_gauges(connection: Connection, before: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the doubts about sites that had depth gauges before a change and have none now."""
    after = bindings.depth_gauges(connection)
    return [doubt for name, gauges in before.items() for doubt in doubts_of_gauges(name, gauges, after.get(name, ()))]


def require_confirmation(doubts: Sequence[str], *, confirm: bool) -> tuple[str, ...]:
    """Return the doubts, which are confirmed.

    Raises:
        ConfirmationRequired: there are doubts, and they are not confirmed.
    """
    if doubts and not confirm:
        raise ConfirmationRequired(doubts)
    return tuple(doubts)


@dataclass(frozen=True, slots=True)
class _Registered:
    """Sites as they are registered, and the devices that are bound to each, also unregistered ones."""

    sites: Mapping[str, Site]
    bound: Mapping[str, tuple[str, ...]]

    def values(self, site_id: str) -> dict[str, object]:
        """Return the values of a site for the audit log."""
        site = self.sites.get(site_id)
        return {} if site is None else site_form(site) | {"bound": list(self.bound.get(site_id, ()))}


def _lock(connection: Connection, site_ids: Sequence[str]) -> _Registered:
    return _Registered(find_sites(connection, site_ids, for_change=True), bindings.named_devices(connection, site_ids))


def _record(
    connection: Connection,
    wanted: Iterable[Site],
    before: _Registered,
    versions: Mapping[str, int],
    actor: str,
    confirmed: Sequence[str],
) -> dict[str, SavedSite]:
    """Write an entry for each site that the change changed, and return the sites as they are now."""
    after = _lock(connection, [site.site_id for site in wanted])
    saved = {}
    for name, site in after.sites.items():
        unbound = sorted(set(before.bound.get(name, ())) - set(after.bound.get(name, ())))
        saved[name] = SavedSite(site, versions[name], tuple(unbound))
        changed: dict[str, object] = dict(differences(before.values(name), after.values(name)))
        if confirmed:
            changed["confirmed"] = list(confirmed)
        if changed["after"]:
            action = "site.change" if name in before.sites else "site.add"
            audit.record(connection, actor, action, f"site {name}", changed)
    return saved
