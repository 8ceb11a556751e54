"""The demo city: twelve sites, each with a gauge that replays a recorded flood; signals and chargers. No I/O.

The districts and their codes are Jinan's (GB/T 2260). The sites are invented, and their names say so (示范).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_sims.recordings import FloodClass, floods, sessions, signals
from device_sims.replay.charger import ChargerReplay
from device_sims.replay.flood import FloodReplay
from device_sims.replay.signal import SignalReplay
from device_sims.replay.upload import Replay
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site, SiteType, default_profile

REGIONS = {
    "370102": ("历下区", "Lixia"),
    "370103": ("市中区", "Shizhong"),
    "370104": ("槐荫区", "Huaiyin"),
    "370105": ("天桥区", "Tianqiao"),
    "370112": ("历城区", "Licheng"),
}

PLACES: list[tuple[str, str, str, SiteType, str, float, float]] = [
    ("JN-01", "示范路下穿一号", "Demo underpass 1", SiteType.UNDERPASS, "370105", 36.6782, 116.9893),
    ("JN-02", "示范地铁一号口", "Demo metro entrance 1", SiteType.METRO_ENTRANCE, "370102", 36.6661, 117.0301),
    ("JN-03", "示范低洼社区", "Demo low-lying community", SiteType.LOW_LYING_COMMUNITY, "370104", 36.6535, 116.9312),
    ("JN-04", "示范隧道东口", "Demo tunnel, east portal", SiteType.TUNNEL, "370103", 36.6312, 117.0054),
    ("JN-05", "示范路一号", "Demo road 1", SiteType.ROAD, "370112", 36.6801, 117.0702),
    ("JN-06", "示范充电站", "Demo charging station", SiteType.CHARGING_STATION, "370102", 36.6587, 117.0556),
    ("JN-07", "示范地下车库", "Demo underground car park", SiteType.UNDERGROUND_CAR_PARK, "370103", 36.6446, 116.9925),
    ("JN-08", "示范河滨路一号", "Demo riverside road 1", SiteType.ROAD, "370105", 36.7011, 116.9803),
    ("JN-09", "示范河滨路二号", "Demo riverside road 2", SiteType.ROAD, "370105", 36.7093, 116.9951),
    ("JN-10", "示范路下穿二号", "Demo underpass 2", SiteType.UNDERPASS, "370104", 36.6702, 116.9405),
    ("JN-11", "示范河滨社区", "Demo riverside community", SiteType.LOW_LYING_COMMUNITY, "370105", 36.7122, 117.0108),
    ("JN-12", "示范河滨路三号", "Demo riverside road 3", SiteType.ROAD, "370112", 36.7204, 117.0387),
]

LEAD_IN = timedelta(minutes=20)
"""Dry period before the first flood."""

LEAD_OUT = timedelta(minutes=25)
"""Dry period after the last flood, longer than any down-hold, so that every warning ends."""

STAGGER = timedelta(minutes=4)
"""Time between the starts of two floods of a class, because a storm crosses a city gradually."""

AFTERNOON_SKIPPED = timedelta(minutes=30)
"""Skipped start of the chargers' recorded afternoon, which has few sessions."""


@dataclass(frozen=True)
class DemoCity:
    """The registered sites and devices, and what the devices replay.

    Attributes:
        sites: the watched sites, all in the exercise.
        devices: gauges, signals and chargers, all in the exercise.
        replays: one for each device.
        begins_at, ends_at: the replay in event time.
        flood_class_of: by site, whether rain or tide drives its flood.
    """

    sites: Sequence[Site]
    devices: Sequence[Device]
    replays: Sequence[Replay]
    begins_at: datetime
    ends_at: datetime
    flood_class_of: dict[str, FloodClass]


def build_city(world: str, ends_at: datetime) -> DemoCity:
    """Build the city. The replay ends at the given time, so that ingest accepts all sample times."""
    offsets = _offsets()
    length = max(offset + timedelta(seconds=flood.duration_s) for offset, flood in zip(offsets, floods(), strict=True))
    begins_at = (ends_at - length - LEAD_OUT).replace(microsecond=0)
    replay_s = (ends_at - begins_at).total_seconds()
    sites, devices, replays = [], [], []
    for place, flood, offset in zip(PLACES, floods(), offsets, strict=True):
        site = _site(place, world)
        gauge = _device(f"{site.site_id}-gauge", Kind.WATERLOGGING, site)
        lead_out_s = replay_s - offset.total_seconds() - flood.duration_s
        start = begins_at + offset
        replays.append(FloodReplay(gauge.device_id, flood, start, int(offset.total_seconds()), int(lead_out_s)))
        sites.append(site)
        devices.append(gauge)
    nearby = _nearby_devices(sites, begins_at, ends_at)
    return DemoCity(
        sites=sites,
        devices=[*devices, *(device for device, _ in nearby)],
        replays=[*replays, *(replay for _, replay in nearby)],
        begins_at=begins_at,
        ends_at=ends_at,
        flood_class_of={site.site_id: flood.flood_class for site, flood in zip(sites, floods(), strict=True)},
    )


def _offsets() -> list[timedelta]:
    """Return when each flood begins, from the start of the replay. Tidal floods come first, rain floods later."""
    begin = {FloodClass.TIDAL: LEAD_IN, FloodClass.INLAND: LEAD_IN + timedelta(minutes=20)}
    offsets = []
    for flood in floods():
        offsets.append(begin[flood.flood_class])
        begin[flood.flood_class] += STAGGER
    return offsets


def _nearby_devices(sites: Sequence[Site], begins_at: datetime, ends_at: datetime) -> list[tuple[Device, Replay]]:
    """Return signals and chargers near the first sites."""
    pairs: list[tuple[Device, Replay]] = []
    for number, (signal, site) in enumerate(zip(signals(), sites, strict=False)):
        device = _device(f"{site.site_id}-signal", Kind.SIGNAL, site)
        pairs.append((device, SignalReplay(device.device_id, signal, begins_at + (number + 1) * LEAD_IN)))
    station = next(site for site in sites if site.site_type is SiteType.CHARGING_STATION)
    for charger in sorted({session.charger for session in sessions()}):
        device = _device(f"{station.site_id}-charger-{charger}", Kind.CHARGING, station)
        start = begins_at - AFTERNOON_SKIPPED
        fitting = [
            session
            for session in sessions()
            if session.charger == charger
            and session.offset_s > AFTERNOON_SKIPPED.total_seconds()
            and start + timedelta(seconds=session.offset_s + session.duration_s) < ends_at - timedelta(minutes=1)
        ]
        pairs.append((device, ChargerReplay(device.device_id, fitting, start)))
    return pairs


def _site(place: tuple[str, str, str, SiteType, str, float, float], world: str) -> Site:
    site_id, name_zh, name_en, site_type, region, latitude, longitude = place
    profile = default_profile(site_type)
    return Site(site_id, name_zh, name_en, site_type, region, latitude, longitude, profile, world=world)


def _device(device_id: str, kind: Kind, site: Site) -> Device:
    return Device(
        device_id,
        kind,
        site.region,
        world=site.world,
        site_id=site.site_id,
        name=f"{site.name_zh} {kind}",
        latitude=site.latitude,
        longitude=site.longitude,
    )
