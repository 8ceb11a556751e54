"""Messages that no device should send: damaged payloads of every codec, and nonsense, on similar topics. No I/O."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.throughput.fleet import REGION
from rencheng.checks.clock import ClockLimits
from rencheng.codecs.registry import OURS
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.reading import Measurand, MeterValue, Reading, SignalEvent, WaterReading
from rencheng.intake import admit

KINDS: Mapping[str, tuple[Kind, ...]] = {name: tuple(Kind) for name in OURS} | {"sl651": (Kind.WATERLOGGING,)}
WORLD = "fuzz"
"""An exercise of its own, so that its readings are counted apart from those of good devices."""

UNREGISTERED, RETIRED, FOREIGN = "fuzz-unregistered", "fuzz-retired", "fuzz-foreign"

_ODD_STEPS = (
    "",
    " ",
    "370102",
    "37010",
    "999999",
    "é韧",
    "a" * 300,
    "waterlogging",
    "signal",
    "charging",
    "$SYS",
    "..",
    "%u",
    "'; --",
)
_TOKENS = (
    b"\x00",
    b"\xff" * 8,
    b"[" * 500,
    b"{" * 500,
    b'"',
    b"null",
    b"1e999",
    b"-0",
    b"9" * 400,
    b"\\ud800",
    b"\x9b" + b"\xff" * 8,
    b"NaN",
    b"\x7e\x7e",
)
_LARGE = 20_000


@dataclass(frozen=True, slots=True)
class FuzzedMessage:
    """One message, its sender, and how many readings it counts as (0 for a state message)."""

    device_id: str
    topic: str
    payload: bytes
    count: int


def devices(now: datetime) -> list[Device]:
    """Return the fuzzers: one for each codec and kind, a retired one, and one with an unknown codec."""
    sane = [
        Device(f"fuzz-{codec.replace('+', '-')}-{kind}", kind, REGION, WORLD, codec=codec, no_return_codes=(9999.0,))
        for codec, kinds in KINDS.items()
        for kind in kinds
    ]
    retired = Device(RETIRED, Kind.WATERLOGGING, REGION, WORLD, retired_at=now)
    return [*sane, retired, Device(FOREIGN, Kind.SIGNAL, REGION, WORLD, codec="morse")]


def fuzzed_messages(seed: int, now: datetime) -> Iterator[FuzzedMessage]:
    """Yield messages without end. The same seed and time give the same messages."""
    dice = random.Random(seed)
    senders = devices(now)
    directory = {device.device_id: device for device in senders}
    everyone = [*senders, Device(UNREGISTERED, Kind.WATERLOGGING, REGION)]
    for number in range(10**9):
        device = dice.choice(everyone)
        topic = _topic(dice, device)
        if topic.endswith("/state") and dice.random() < 0.5:  # noqa: PLR2004 - dice
            payload = b'{"status":"offline"}'
        else:
            payload = _payload(dice, device, now - timedelta(seconds=1, milliseconds=number % 10**8))
        admitted = admit(ReceivedMessage(topic, payload, now), directory, ClockLimits())
        yield FuzzedMessage(device.device_id, topic, payload, admitted.count)


def _topic(dice: random.Random, device: Device) -> str:
    """Return the device's topic, sometimes with another region, kind or channel that the broker allows."""
    region, kind, channel = device.region, str(device.kind), "telemetry"
    roll = dice.random()
    if roll < 0.03:  # noqa: PLR2004 - dice
        region = dice.choice(_ODD_STEPS)
    elif roll < 0.06:  # noqa: PLR2004 - dice
        kind = str(dice.choice(list(Kind)))
    elif roll < 0.10:  # noqa: PLR2004 - dice
        channel = "state"
    return f"rencheng/v1/{region}/{kind}/{device.device_id}/{channel}"


def _payload(dice: random.Random, device: Device, at: datetime) -> bytes:
    if dice.random() < 0.1:  # noqa: PLR2004 - dice
        return _nonsense(dice)
    payload = _sane(dice, device, at)
    for _damage in range(dice.choice((0, 1, 1, 1, 2, 4))):
        payload = _damaged(dice, payload)
    return payload


def _sane(dice: random.Random, device: Device, at: datetime) -> bytes:
    codec = OURS.get(device.codec, OURS["json"])
    if device.codec == "sl651":
        at = at.replace(second=0, microsecond=0) - timedelta(minutes=dice.randrange(600))
    readings = [_reading(dice, device, at - place * timedelta(minutes=1)) for place in range(dice.choice((1, 1, 1, 3)))]
    return codec.encode(readings)


def _reading(dice: random.Random, device: Device, at: datetime) -> Reading:
    name = device.device_id
    if device.kind is Kind.SIGNAL:
        return SignalEvent(name, at, dice.randrange(300), dice.randrange(64))
    if device.kind is Kind.CHARGING:
        return MeterValue(
            name, dice.randrange(4), f"T{dice.randrange(99)}", at, Measurand.POWER_KW, dice.random() * 120
        )
    return WaterReading(name, 0, at, depth_mm=float(dice.randrange(-600, 12_000)), battery_v=dice.randrange(400) / 100)


def _damaged(dice: random.Random, payload: bytes) -> bytes:
    start = dice.randrange(len(payload) + 1)
    end = min(len(payload), start + dice.randrange(1, 16))
    match dice.randrange(8):
        case 0:
            damaged = payload[:start]
        case 1:
            damaged = payload[:start] + payload[end:]
        case 2:
            damaged = payload[:end] + payload[start:]
        case 3:
            damaged = payload[:start] + dice.choice(_TOKENS) + payload[start:]
        case 4:
            damaged = payload[:start] + dice.randbytes(end - start) + payload[end:]
        case 5:
            damaged = payload[start:] + payload[:start]
        case _:
            flipped = bytearray(payload or b"\x00")
            flipped[start % len(flipped)] ^= 1 << dice.randrange(8)
            damaged = bytes(flipped)
    return damaged


def _nonsense(dice: random.Random) -> bytes:
    match dice.randrange(5):
        case 0:
            return b""
        case 1:
            return dice.choice(_TOKENS) * dice.randrange(1, 4)
        case 2:
            return json.dumps(dice.choice(([], {}, [[]] * 50, {"depth_mm": 1}, "flood", 10**30, [None] * 30))).encode()
        case 3 if dice.random() < 0.01:  # noqa: PLR2004 - dice
            return dice.randbytes(_LARGE)
        case _:
            return dice.randbytes(dice.randrange(1, 200))
