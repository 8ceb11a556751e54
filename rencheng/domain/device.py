"""A device that is registered, and what is known about where it hangs."""

from dataclasses import dataclass
from datetime import datetime

from rencheng.domain.kind import Kind

ACTUAL = "actual"
"""The world of live devices and sites. Every other world is a named exercise; the two never mix in one warning."""


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device.

    `depth_max_mm` is the greatest depth it can measure where it hangs (its mounting height); None if not surveyed.
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
    depth_max_mm: float | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device came online or went away: what it said, or what its last will said for it."""

    device_id: str
    online: bool
    received_at: datetime
