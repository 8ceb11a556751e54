"""The evidence of all signals and chargers that are bound to sites. Deterministic: no I/O, no clock."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rencheng.domain.device import DeviceState
from rencheng.domain.evidence import CONTRADICTING, OF_CHARGERS, Evidence
from rencheng.domain.reading import MeterValue, Reading, SignalEvent
from rencheng.domain.sensor import Role
from rencheng.domain.site import Site
from rencheng.engine.nearby.chargers import FAULT_LASTS, ChargersWatch
from rencheng.engine.nearby.detectors import BIN
from rencheng.engine.nearby.signals import SignalWatch

COUNTED_WITHIN_S = 2 * BIN.total_seconds()
"""The vehicles of the last closed bin have passed within this time."""


@dataclass(frozen=True, slots=True)
class Corroboration:
    """The evidence that corroborates the gauges of a site, and that which contradicts them."""

    corroborates: tuple[Evidence, ...] = ()
    contradicts: tuple[Evidence, ...] = ()

    def corroborated_by(self, began_s: float) -> int:
        """Return how many of the two show what began with a jump, signals and chargers.

        What had lasted for long before is a fault or a jam of its own. A power cut makes many signals dark at once.
        """
        from_s = began_s - FAULT_LASTS.total_seconds()
        return len({each.kind in OF_CHARGERS for each in self.corroborates if each.since.timestamp() >= from_s})

    def contradicts_since(self, began_s: float, at_s: float) -> bool:
        """Return whether, at a moment, vehicles have driven through as usual since another."""
        return bool(self.contradicts) and at_s - began_s >= COUNTED_WITHIN_S


NO_EVIDENCE = Corroboration()

EvidenceOf = Callable[[str, datetime], Corroboration]
"""Returns what signals and chargers at a site show at a moment."""


class NearbyEvidence:
    """The nearby devices of all sites, with their evidence."""

    def __init__(self) -> None:
        self._sites: Mapping[str, Site] = {}
        self._signals: dict[str, SignalWatch] = {}
        self._chargers: dict[str, ChargersWatch] = {}
        self._sites_of_charger: dict[str, list[str]] = {}

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Set the sites, and keep the state of devices that are still bound."""
        self._sites = sites
        signals = {name for site in sites.values() for name in site.devices_with_role(Role.SIGNAL)}
        self._signals = {name: self._signals.get(name) or SignalWatch(name) for name in signals}
        chargers = {
            site.site_id: frozenset(site.devices_with_role(Role.CHARGER))
            for site in sites.values()
            if site.devices_with_role(Role.CHARGER)
        }
        self._chargers = {site_id: self._chargers.get(site_id) or ChargersWatch() for site_id in chargers}
        sites_of_charger: dict[str, list[str]] = defaultdict(list)
        for site_id, names in chargers.items():
            self._chargers[site_id].set_chargers(names)
            for name in names:
                sites_of_charger[name].append(site_id)
        self._sites_of_charger = dict(sites_of_charger)

    @property
    def signals(self) -> frozenset[str]:
        """Return the bound signals."""
        return frozenset(self._signals)

    @property
    def chargers(self) -> frozenset[str]:
        """Return the bound chargers."""
        return frozenset(self._sites_of_charger)

    def take(self, reading: Reading) -> None:
        """Take in a reading of a signal or charger; ignore a device that is not bound."""
        if isinstance(reading, SignalEvent):
            if watch := self._signals.get(reading.device_id):
                watch.take(reading)
        elif isinstance(reading, MeterValue):
            for site_id in self._sites_of_charger.get(reading.device_id, ()):
                self._chargers[site_id].take(reading)

    def take_state(self, state: DeviceState) -> None:
        """Take in that a charger is online or offline."""
        for site_id in self._sites_of_charger.get(state.device_id, ()):
            self._chargers[site_id].take_state(state.device_id, state.received_at, online=state.online)

    def of(self, site_id: str, at: datetime) -> Corroboration:
        """Return the evidence at a site at a time, the earliest first."""
        site = self._sites.get(site_id)
        if site is None:
            return Corroboration()
        watches = [watch for name in site.devices_with_role(Role.SIGNAL) if (watch := self._signals.get(name))]
        found = [each for watch in watches for each in watch.evidence(at)]
        if site_id in self._chargers:
            found += self._chargers[site_id].evidence(at)
        found.sort(key=lambda each: (each.since, each.kind, each.device_id))
        return Corroboration(
            corroborates=tuple(each for each in found if each.kind not in CONTRADICTING),
            contradicts=tuple(each for each in found if each.kind in CONTRADICTING),
        )
