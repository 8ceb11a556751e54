"""The devices of a fleet and their fault rates. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel, Topic

LETTERS = {Kind.WATERLOGGING: "g", Kind.SIGNAL: "s", Kind.CHARGING: "p"}

JINAN = ("370102", "370103", "370104", "370105", "370112", "370113", "370114", "370115", "370116", "370117")
"""The districts of Jinan. Source: GB/T 2260."""


@dataclass(frozen=True, slots=True)
class FleetPart:
    """Devices of one kind. Each sends a message every `every_us` microseconds, evenly spread over that time."""

    kind: Kind
    devices: int
    every_us: int

    @property
    def per_s(self) -> float:
        """Messages per second of all of them."""
        return self.devices * 1e6 / self.every_us


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Fault rates: shares of messages and of devices from 0 to 1, and the interval of reconnect storms.

    Attributes:
        duplicate: share of good messages that are sent again later.
        late: share of good messages that are delayed by up to a minute, so that later ones overtake them.
        bad_json: share of messages that are truncated.
        wrong_unit: share of messages in centimetres or watts in place of millimetres or kilowatts.
        stuck: share of gauges that always report the same depth.
        spiking: share of gauges that sometimes report an impossible depth.
        skewed: share of devices with a wrong clock: by up to three minutes, or (a quarter of them) an hour ahead.
        storm_every_s: seconds between reconnect storms; None for none.
        storm_share: share of connections cut in a storm; all reconnect at once.
    """

    duplicate: float = 0.0
    late: float = 0.0
    bad_json: float = 0.0
    wrong_unit: float = 0.0
    stuck: float = 0.0
    spiking: float = 0.0
    skewed: float = 0.0
    storm_every_s: float | None = None
    storm_share: float = 0.5


@dataclass(frozen=True, slots=True)
class FleetMember:
    """One device of the fleet."""

    device_id: str
    kind: Kind
    region: str

    @property
    def topic(self) -> str:
        """The topic of its readings."""
        return str(Topic(self.region, self.kind, self.device_id, Channel.TELEMETRY))


def members_of(
    parts: Sequence[FleetPart], *, regions: Sequence[str] = JINAN, prefix: str = "fleet"
) -> list[FleetMember]:
    """Return the devices of these parts, part by part, spread over the regions in turn."""
    return [
        FleetMember(f"{prefix}-{LETTERS[part.kind]}{number:05}", part.kind, regions[number % len(regions)])
        for part in parts
        for number in range(part.devices)
    ]


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """A fleet. `began_at` (UTC) is the sample time at second 0; device names begin with `prefix`."""

    seed: int
    began_at: datetime
    parts: tuple[FleetPart, ...]
    faults: FaultRates = field(default_factory=FaultRates)
    regions: tuple[str, ...] = JINAN
    prefix: str = "fleet"

    @property
    def per_s(self) -> float:
        """Messages per second, without faults."""
        return sum(part.per_s for part in self.parts)

    def members(self) -> list[FleetMember]:
        """Return all devices, part by part. A device's number is its position here."""
        return members_of(self.parts, regions=self.regions, prefix=self.prefix)
