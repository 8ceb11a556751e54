"""Who a fleet is and how it behaves. Pure."""

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
    """Devices of one kind, each with a message every `every_us` microseconds; evenly spread over that time."""

    kind: Kind
    devices: int
    every_us: int

    @property
    def per_s(self) -> float:
        """Messages a second of all of them."""
        return self.devices * 1e6 / self.every_us


@dataclass(frozen=True, slots=True)
class FaultRates:
    """What goes wrong, as shares from 0 to 1: of messages, then of devices; and how often connections break at once.

    Attributes:
        duplicate: of the good messages, sent again some time later.
        late: of the good messages, held back for up to a minute, so that younger ones overtake them.
        bad_json: of the messages, cut short.
        wrong_unit: of the messages, in centimetres or watts where millimetres and kilowatts are asked for.
        stuck: of the gauges, always telling the same depth.
        spiking: of the gauges, now and then telling an absurd depth.
        skewed: of the devices, whose clock is wrong: by up to three minutes, or (a quarter of them) by an hour ahead.
        storm_every_s: a reconnect storm so often, seconds; None for none.
        storm_share: of the connections, cut in a storm; all come back at once.
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
        """Where it publishes its readings."""
        return str(Topic(self.region, self.kind, self.device_id, Channel.TELEMETRY))


def members_of(
    parts: Sequence[FleetPart], *, regions: Sequence[str] = JINAN, prefix: str = "fleet"
) -> list[FleetMember]:
    """The devices of these parts, part by part, dealt out to the regions."""
    return [
        FleetMember(f"{prefix}-{LETTERS[part.kind]}{number:05}", part.kind, regions[number % len(regions)])
        for part in parts
        for number in range(part.devices)
    ]


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """A fleet. `began_at` (UTC) is the sample time at second 0; names begin with `prefix`."""

    seed: int
    began_at: datetime
    parts: tuple[FleetPart, ...]
    faults: FaultRates = field(default_factory=FaultRates)
    regions: tuple[str, ...] = JINAN
    prefix: str = "fleet"

    @property
    def per_s(self) -> float:
        """Messages a second, faults apart."""
        return sum(part.per_s for part in self.parts)

    def members(self) -> list[FleetMember]:
        """All devices, part by part; a device's number is its place here."""
        return members_of(self.parts, regions=self.regions, prefix=self.prefix)
