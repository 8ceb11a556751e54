"""From a message to readings or a refusal. A bad message is a result, not an exception."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rencheng.checks.clock import ClockLimits, check_clock
from rencheng.checks.gauge import flag_gauge
from rencheng.checks.limits import GAUGES, GaugeLimits, of_kind
from rencheng.codecs.base import Codec
from rencheng.codecs.json_v1 import decode_state
from rencheng.codecs.registry import BROKEN, CODECS
from rencheng.domain.device import ACTUAL, Device, DeviceState
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Reading, WaterReading, flag
from rencheng.domain.topic import Channel, Topic

_NOTHING = Quality.NOTHING_FOUND

WHOLE_MESSAGE = -1
"""The position of a refusal that concerns the whole message."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reading, or a whole message, that goes to quarantine.

    `readings` is how many the account counts: more than one only for a message that was read, and then shed.
    `retry_after_s` says after how many seconds the same would be taken; None if it never will.
    """

    position: int
    reason: RejectionReason
    detail: str
    readings: int = 1
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """A message as it goes into a batch: with readings, refusals, or both; or with a device's state.

    `world` is the world of its device, `actual` for a device that nobody knows.
    """

    message: ReceivedMessage
    readings: tuple[Reading, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    state: DeviceState | None = None
    device_id: str | None = None
    world: str = ACTUAL

    @property
    def count(self) -> int:
        """How many readings: what could not be read counts one; a state is no reading."""
        if not self.rejections:
            return len(self.readings)
        return len(self.readings) + sum(refusal.readings for refusal in self.rejections)

    @property
    def positions(self) -> Sequence[int]:
        """Where in the message each of `readings` stood."""
        if not self.rejections or not self.readings:
            return range(len(self.readings))
        refused = {refusal.position for refusal in self.rejections}
        return [position for position in range(self.count) if position not in refused]


def admit(
    message: ReceivedMessage,
    directory: Mapping[str, Device],
    limits: ClockLimits,
    gauges: Mapping[str, GaugeLimits] = GAUGES,
) -> IntakeResult:
    """Topic, then device, then codec, then checks. Pure: it knows the time only from the message."""
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
        refusals = [Rejection(item.position, item.reason, item.detail) for item in bad]
        kept = _checked(readings, refusals, message, device, limits, gauges)
    except Rejected as refused:
        refusal = Rejection(WHOLE_MESSAGE, refused.reason, refused.detail)
        return IntakeResult(message, rejections=(refusal,), device_id=device_id, world=world)
    except Exception as error:  # noqa: BLE001 - a codec may be another's code, and one message must not stop the others
        refusal = Rejection(
            WHOLE_MESSAGE, RejectionReason.UNDECODABLE, f"a fault of the codec, not of the device: {error!r}"
        )
        return IntakeResult(message, rejections=(refusal,), device_id=device_id, world=world)
    if not kept and not refusals:  # a keep-alive: it says that the device is there, and nothing else
        state = DeviceState(device_id, online=True, received_at=message.received_at)
        return IntakeResult(message, state=state, device_id=device_id, world=world)
    return IntakeResult(message, tuple(kept), tuple(refusals), device_id=device_id, world=world)


def _sender(topic: Topic, directory: Mapping[str, Device]) -> Device:
    if topic.channel is not Channel.TELEMETRY and topic.channel is not Channel.STATE:
        raise Rejected(RejectionReason.TOPIC, f"channel {topic.channel} carries nothing for the platform to store")
    device = directory.get(topic.device_id)
    if device is None:
        raise Rejected(
            RejectionReason.UNKNOWN_DEVICE, f"nobody registered {topic.device_id}; `rencheng device add` does"
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
        why = BROKEN.get(device.codec, "its device record names it")
        raise Rejected(RejectionReason.UNDECODABLE, f"there is no codec {device.codec!r}; {why}") from None


def _checked(
    readings: list[Reading],
    refusals: list[Rejection],
    message: ReceivedMessage,
    device: Device,
    limits: ClockLimits,
    gauges: Mapping[str, GaugeLimits],
) -> list[Reading]:
    """The readings that may be stored, flagged; those that may not are added to the refusals."""
    kept: list[Reading] = []
    positions: Iterable[int] = range(len(readings))
    if refusals:
        taken = {refusal.position for refusal in refusals}
        positions = [position for position in range(len(readings) + len(refusals)) if position not in taken]
    sample_limits, window = of_kind(gauges, device.gauge).sample, limits.around(message.received_at)
    is_actual = device.world == ACTUAL  # an exercise has a clock of its own, which ingest does not know
    for position, reading in zip(positions, readings, strict=False):
        try:
            clock = check_clock(reading.time, window)
        except Rejected as refused:
            refusals.append(Rejection(position, refused.reason, refused.detail))
            continue
        if clock is not _NOTHING and is_actual:  # asked of each reading: to ask a flag whether it is 0 is a call
            flag(reading, clock)
        if isinstance(reading, WaterReading) and (found := flag_gauge(reading, device, sample_limits)) is not _NOTHING:
            flag(reading, found)
        kept.append(reading)
    return kept
