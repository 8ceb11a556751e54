"""A registered device and its profile."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from rencheng.domain.kind import Kind

ACTUAL = "actual"
"""The world of live devices and sites. Every other world is a named exercise; the two never mix in one warning."""

ALL_WORLDS = frozenset({"all", "*"})
"""The values of `world` that ask for all worlds. An exercise cannot have these names."""


class GaugeKind(StrEnum):
    """What the depths of a gauge are."""

    LEVEL = "level"
    """A measured depth."""
    SWITCH = "switch"
    """A float switch at one height: any depth but 0 is that height."""
    ELECTRODE = "electrode"
    """A chain of electrodes: the highest one under water."""


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device with the profile by which intake reads its messages.

    Attributes:
        codec: the format of its payloads, a name in `rencheng.codecs.registry`.
        gauge: the limits that its readings are checked by (`rencheng.checks.limits`): `street`, `channel`, or your own.
        depth_max_mm: the mounting height of a gauge above the ground, and so the greatest depth that it can measure;
            None if it was not surveyed.
        blind_zone_mm: the distance from its face within which it cannot measure, by its data sheet; None if unknown.
            Depths above mounting height − blind zone are not reliable.
        receipts: it keeps each message until a receipt names it (docs/why/0007).
        quota_per_minute: the number of readings that it may send per minute; None for the limit of the platform.
        replaces: the device that it replaced; that one is retired and keeps its readings.
        retired_at: when it was taken out of service.
        interval_s: its reporting interval in water, as it is set; None if it is not known.
        interval_dry_s: the same above a dry street; longer if it reports on change.
        resolution_mm: the step of its depths; None if it is not known.
        latency_s: how late its readings arrive, as it is set: a gauge that sends in batches.
        zero_set_on: the day on which its zero was last set or surveyed.
        measures: what its depths are: a level, a switch at one height, or electrodes at several.
        steps_mm: the height of the switch, or of each electrode, above its zero.
        no_return_codes: values that it sends in place of a depth or distance when it receives no echo, such as 9999.
    """

    device_id: str
    kind: Kind
    region: str
    world: str = ACTUAL
    site_id: str | None = None
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    codec: str = "json"
    gauge: str = "street"
    depth_max_mm: float | None = None
    blind_zone_mm: float | None = None
    receipts: bool = False
    quota_per_minute: int | None = None
    replaces: str | None = None
    retired_at: datetime | None = None
    interval_s: float | None = None
    interval_dry_s: float | None = None
    resolution_mm: float | None = None
    latency_s: float | None = None
    zero_set_on: date | None = None
    measures: GaugeKind = GaugeKind.LEVEL
    steps_mm: tuple[float, ...] = ()
    no_return_codes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A state message: the device reports that it is online, or its last will reports that it is offline."""

    device_id: str
    online: bool
    received_at: datetime
