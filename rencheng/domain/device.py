"""A device that is registered, and what is known about where it hangs."""

from dataclasses import dataclass
from datetime import datetime

from rencheng.domain.kind import Kind

ACTUAL = "actual"
"""The world of live devices and sites. Every other world is a named exercise; the two never mix in one warning."""


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device: who it is, where it hangs, and its profile, by which intake reads what it sends.

    Attributes:
        codec: the format of its payloads, a name in `rencheng.codecs.registry`.
        gauge: by which limits its readings are tested (`rencheng.checks.limits`): `street`, `channel`, or one's own.
        depth_max_mm: a gauge's mounting height: its face above the ground below it, and so the greatest depth that it
            could measure; None if not surveyed.
        blind_zone_mm: how far before its face it cannot measure, by its data sheet; None if not known. Depths above
            mounting height − blind zone are guesses.
        receipts: it keeps its readings until it is told "stored up to".
        quota_per_minute: how many readings it may send in a minute; None for the platform's own limit.
        replaces: the device whose place it took; that one is retired, its readings stay under its own name.
        retired_at: when it was taken out of service.
        no_return_codes: values that it sends in place of a depth or distance when no echo came back, such as 9999.
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
    no_return_codes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device came online or went away: what it said, or what its last will said for it."""

    device_id: str
    online: bool
    received_at: datetime
