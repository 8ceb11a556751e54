"""Turn a message into readings or rejections. A bad message is a result, not an exception."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rencheng.checks.clock import ClockLimits, check_clock
from rencheng.checks.gauge import flag_gauge
from rencheng.checks.limits import GAUGES, GaugeLimits, of_kind
from rencheng.checks.meter import flag_meter_value
from rencheng.codecs.base import Codec
from rencheng.codecs.json_v1 import decode_state
from rencheng.codecs.registry import BROKEN, CODECS
from rencheng.domain.device import ACTUAL, Device, DeviceState
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.quality import Quality
from rencheng.domain.reading import MeterValue, Reading, WaterReading, flag
from rencheng.domain.topic import Channel, Topic

_NOTHING = Quality.NOTHING_FOUND

WHOLE_MESSAGE = -1
"""The position of a rejection that concerns the whole message."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A reading, or a whole message, that goes to quarantine.

    Attributes:
        position: of the reading in the message, from 0.
        reason: the reason as a code.
        detail: the reason in words.
        readings: how many readings it counts; more than one only for a decoded message that was shed.
        retry_after_s: after how many seconds the device may send it again; None if it is never accepted.
    """

    position: int
    reason: RejectionReason
    detail: str
    readings: int = 1
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """A decoded and checked message: with readings, rejections or both, or with a device's state.

    `world` is the world of its device, and `actual` for an unknown device.
    """

    message: ReceivedMessage
    readings: tuple[Reading, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    state: DeviceState | None = None
    device_id: str | None = None
    world: str = ACTUAL

    @property
    def count(self) -> int:
        """Return how many readings it counts. A reading that could not be decoded counts one, a state none."""
        if not self.rejections:
            return len(self.readings)
        return len(self.readings) + sum(one.readings for one in self.rejections)

    @property
    def positions(self) -> Sequence[int]:
        """Return the position in the message of each of `readings`."""
        if not self.rejections or not self.readings:
            return range(len(self.readings))
        rejected = {one.position for one in self.rejections}
        return [position for position in range(self.count) if position not in rejected]


def admit(
    message: ReceivedMessage,
    directory: Mapping[str, Device],
    limits: ClockLimits,
    gauges: Mapping[str, GaugeLimits] = GAUGES,
) -> IntakeResult:
    """Check the topic and the device, decode the payload and check its readings.

    Deterministic: the only time it uses is that of the message.
    """
    device_id, world = None, ACTUAL
    try:
        topic = Topic.parse(message.topic)
        device_id = topic.device_id
        device = _sender(topic, directory)
        world = device.world
        if topic.channel is Channel.STATE:
            state = DeviceState(device_id, decode_state(message.payload), message.received_at)
            return IntakeResult(message, state=state, device_id=device_id, world=world)
        readings, bad = _codec_of(device).decode(device.kind, device_id, message.payload)
        rejections = [Rejection(item.position, item.reason, item.detail) for item in bad]
        kept = _checked(readings, rejections, message, device, limits, gauges)
    except Rejected as error:
        rejection = Rejection(WHOLE_MESSAGE, error.reason, error.detail)
        return IntakeResult(message, rejections=(rejection,), device_id=device_id, world=world)
    except Exception as error:  # noqa: BLE001 - a codec may be a plug-in, and one message must not stop the others
        rejection = Rejection(
            WHOLE_MESSAGE, RejectionReason.UNDECODABLE, f"the codec failed, not the device: {error!r}"
        )
        return IntakeResult(message, rejections=(rejection,), device_id=device_id, world=world)
    if not kept and not rejections:  # a keep-alive
        state = DeviceState(device_id, online=True, received_at=message.received_at)
        return IntakeResult(message, state=state, device_id=device_id, world=world)
    return IntakeResult(message, tuple(kept), tuple(rejections), device_id=device_id, world=world)


def _sender(topic: Topic, directory: Mapping[str, Device]) -> Device:
    if topic.channel is not Channel.TELEMETRY and topic.channel is not Channel.STATE:
        raise Rejected(
            RejectionReason.TOPIC, f"nothing from the channel {topic.channel} is stored; send to telemetry or state"
        )
    device = directory.get(topic.device_id)
    if device is None:
        raise Rejected(
            RejectionReason.UNKNOWN_DEVICE,
            f"{topic.device_id} is not registered; register it with `rencheng device add`",
        )
    if device.retired_at is not None:
        raise Rejected(
            RejectionReason.RETIRED_DEVICE, f"{topic.device_id} was retired at {device.retired_at.isoformat()}"
        )
    if device.region != topic.region or device.kind is not topic.kind:
        raise Rejected(RejectionReason.WRONG_ADDRESS, f"{device.device_id} is {device.kind} in {device.region}")
    return device


def _codec_of(device: Device) -> Codec:
    try:
        return CODECS[device.codec]
    except KeyError:
        why = BROKEN.get(device.codec, "the device's record names it")
        raise Rejected(RejectionReason.UNDECODABLE, f"no codec {device.codec!r}; {why}") from None


def _checked(
    readings: list[Reading],
    rejections: list[Rejection],
    message: ReceivedMessage,
    device: Device,
    limits: ClockLimits,
    gauges: Mapping[str, GaugeLimits],
) -> list[Reading]:
    """Return the readings that may be stored, with their flags, and add the others to the rejections."""
    kept: list[Reading] = []
    positions: Iterable[int] = range(len(readings))
    if rejections:
        rejected = {one.position for one in rejections}
        positions = [position for position in range(len(readings) + len(rejections)) if position not in rejected]
    sample_limits, window = of_kind(gauges, device.gauge).sample, limits.window_at(message.received_at)
    is_actual = device.world == ACTUAL  # an exercise has its own clock, which ingest does not know
    for position, reading in zip(positions, readings, strict=False):
        try:
            clock = check_clock(reading.time, window)
        except Rejected as error:
            rejections.append(Rejection(position, error.reason, error.detail))
            continue
        if clock is not _NOTHING and is_actual:  # by identity, because the truth of a flag is a call
            flag(reading, clock)
        if isinstance(reading, WaterReading):
            if (found := flag_gauge(reading, device, sample_limits)) is not _NOTHING:
                flag(reading, found)
        elif isinstance(reading, MeterValue) and (found := flag_meter_value(reading)) is not _NOTHING:
            flag(reading, found)
        kept.append(reading)
    return kept
