"""All signals and piles that are bound to sites, and what they tell of a site now. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rencheng.domain.device import DeviceState
from rencheng.domain.evidence import CONTRADICTING, Evidence
from rencheng.domain.reading import MeterValue, Reading, SignalEvent
from rencheng.domain.sensor import Role
from rencheng.domain.site import Site
from rencheng.engine.nearby.piles import PilesWatch
from rencheng.engine.nearby.signals import SignalWatch


@dataclass(frozen=True, slots=True)
class Corroboration:
    """What speaks for the gauge, and what makes one doubt it."""

    corroborates: tuple[Evidence, ...] = ()
    contradicts: tuple[Evidence, ...] = ()


class NearbyEvidence:
    """What stands around the sites, and what it tells."""

    def __init__(self) -> None:
        self._sites: Mapping[str, Site] = {}
        self._signals: dict[str, SignalWatch] = {}
        self._piles: dict[str, PilesWatch] = {}
        self._sites_of_pile: dict[str, list[str]] = {}

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Take over a new list of sites; what is known of devices that stay bound stays."""
        self._sites = sites
        signals = {name for site in sites.values() for name in site.devices_with_role(Role.SIGNAL)}
        self._signals = {name: self._signals.get(name) or SignalWatch(name) for name in signals}
        piles = {
            site.site_id: frozenset(site.devices_with_role(Role.PILE))
            for site in sites.values()
            if site.devices_with_role(Role.PILE)
        }
        self._piles = {site_id: self._piles.get(site_id) or PilesWatch() for site_id in piles}
        sites_of_pile: dict[str, list[str]] = defaultdict(list)
        for site_id, names in piles.items():
            self._piles[site_id].set_piles(names)
            for name in names:
                sites_of_pile[name].append(site_id)
        self._sites_of_pile = dict(sites_of_pile)

    @property
    def signals(self) -> frozenset[str]:
        """The signals that are bound."""
        return frozenset(self._signals)

    @property
    def piles(self) -> frozenset[str]:
        """The piles that are bound."""
        return frozenset(self._sites_of_pile)

    def take(self, reading: Reading) -> None:
        """Take in what a signal or a pile says; what is bound to no site is passed over."""
        if isinstance(reading, SignalEvent):
            if watch := self._signals.get(reading.device_id):
                watch.take(reading)
        elif isinstance(reading, MeterValue):
            for site_id in self._sites_of_pile.get(reading.device_id, ()):
                self._piles[site_id].take(reading)

    def take_state(self, state: DeviceState) -> None:
        """A pile came online, or went away."""
        for site_id in self._sites_of_pile.get(state.device_id, ()):
            self._piles[site_id].take_state(state.device_id, state.received_at, online=state.online)

    def of(self, site_id: str, at: datetime) -> Corroboration:
        """What is told of a site at a time, what began first first."""
        site = self._sites.get(site_id)
        if site is None:
            return Corroboration()
        watches = [watch for name in site.devices_with_role(Role.SIGNAL) if (watch := self._signals.get(name))]
        signs = [sign for watch in watches for sign in watch.evidence(at)]
        if site_id in self._piles:
            signs += self._piles[site_id].signs(at)
        signs.sort(key=lambda sign: (sign.since, sign.kind, sign.device_id))
        return Corroboration(
            corroborates=tuple(sign for sign in signs if sign.kind not in CONTRADICTING),
            contradicts=tuple(sign for sign in signs if sign.kind in CONTRADICTING),
        )
