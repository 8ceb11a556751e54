"""What a fleet sends, message by message, in order of time. Pure: the same plan gives the same bytes, for ever."""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random
from typing import NamedTuple

from device_sims.fleet.ground_truth import (
    SPIKE_EVERY,
    SPIKE_MM,
    SyntheticFlood,
    meter_value,
    random_flood,
    signal_event,
)
from device_sims.fleet.plan import FaultRates, FleetMember, FleetPart, FleetPlan
from rencheng.domain.kind import Kind

LATE_MAX_S = 60.0
SKEW_MAX_S = 180.0
"""Within what the platform takes from the future by default (300 s), so that such readings are stored."""
FAR_AHEAD_S = 3600.0
FAR_AHEAD_SHARE = 0.25


class ExpectedResult(StrEnum):
    """What the platform is to make of a message."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class ScheduledMessage(NamedTuple):
    """One message to publish.

    Attributes:
        due_us: when, microseconds from the fleet's beginning.
        device: whose, a place in `Plan.members()`.
        payload: its bytes.
        key: its reading's natural key as `time;the rest`, or what quarantine knows the message by (hex).
        expect: what is to become of it.
    """

    due_us: int
    device: int
    payload: bytes
    key: str
    expect: ExpectedResult


@dataclass(slots=True)
class _DeviceTraits:
    """What one device is like."""

    flood: SyntheticFlood | None
    stuck_mm: float | None
    spikes: bool
    skew: timedelta
    far_ahead: bool


def scheduled_messages(plan: FleetPlan) -> Iterator[ScheduledMessage]:
    """All messages of a fleet, without end, in order of `due_us`."""
    dice = Random(f"{plan.seed}/messages")  # noqa: S311 - dice that fall the same way each time are the point
    members, habits = plan.members(), _device_traits(plan)
    offered: list[ScheduledMessage] = []  # what is sent later than it was made: heap by time
    for due_us, device, number, step in _due_times(plan.parts):
        while offered and offered[0].due_us <= due_us:
            yield heapq.heappop(offered)
        said = _message(plan, members[device], habits[device], due_us, number, step)
        emission = _with_message_fault(ScheduledMessage(due_us, device, *said), members[device], plan.faults, dice)
        if emission.expect is not ExpectedResult.STORED:
            yield emission
            continue
        roll = dice.random()
        if roll < plan.faults.late:
            emission = emission._replace(due_us=due_us + int(1e6 * dice.uniform(0, LATE_MAX_S)))
            heapq.heappush(offered, emission)
        else:
            yield emission
        if dice.random() < plan.faults.duplicate:
            again_us = emission.due_us + int(1e6 * dice.uniform(0, LATE_MAX_S))
            heapq.heappush(offered, emission._replace(due_us=again_us, expect=ExpectedResult.DUPLICATE))


def reconnect_storms(plan: FleetPlan, connections: int) -> Iterator[tuple[float, list[int]]]:
    """(second, connections to cut) of each reconnect storm."""
    every_s, share = plan.faults.storm_every_s, plan.faults.storm_share
    if every_s is None:
        return
    dice, at_s = Random(f"{plan.seed}/storms"), 0.0  # noqa: S311 - as above
    while True:
        at_s += every_s * dice.uniform(0.5, 1.5)
        yield at_s, sorted(dice.sample(range(connections), round(share * connections)))


def _due_times(parts: Sequence[FleetPart]) -> Iterator[tuple[int, int, int, int]]:
    """(due_us, device, its number within its part, step) of every message that is due, in order of time."""
    first, rounds = 0, []
    for part in parts:
        rounds.append(_rounds(part, first))
        first += part.devices
    return heapq.merge(*rounds)


def _rounds(part: FleetPart, first: int) -> Iterator[tuple[int, int, int, int]]:
    step = 0
    while part.devices:
        begun_us = step * part.every_us
        for number in range(part.devices):
            yield begun_us + part.every_us * number // part.devices, first + number, number, step
        step += 1


def _device_traits(plan: FleetPlan) -> list[_DeviceTraits]:
    dice, faults = Random(f"{plan.seed}/devices"), plan.faults  # noqa: S311 - as above
    habits = []
    for member in plan.members():
        is_gauge = member.kind is Kind.WATERLOGGING
        skewed = dice.random() < faults.skewed
        far_ahead = skewed and dice.random() < FAR_AHEAD_SHARE
        skew_s = FAR_AHEAD_S if far_ahead else round(dice.uniform(-SKEW_MAX_S, SKEW_MAX_S), 3) if skewed else 0.0
        habits.append(
            _DeviceTraits(
                flood=random_flood(dice) if is_gauge else None,
                stuck_mm=float(dice.randrange(500)) if dice.random() < faults.stuck else None,
                spikes=dice.random() < faults.spiking,
                skew=timedelta(seconds=skew_s),
                far_ahead=far_ahead,
            )
        )
    return habits


def _message(
    plan: FleetPlan, member: FleetMember, habits: _DeviceTraits, due_us: int, number: int, step: int
) -> tuple[bytes, str, ExpectedResult]:
    """A device's message as it would be without the faults of single messages: payload, key, and what to expect."""
    sampled = plan.began_at + timedelta(microseconds=due_us) + habits.skew
    time = sampled.isoformat(timespec="microseconds")
    if habits.flood is not None:
        depth_mm = round(habits.flood.depth_mm(due_us / 1e6), 0) if habits.stuck_mm is None else habits.stuck_mm
        if habits.spikes and step % SPIKE_EVERY == number % SPIKE_EVERY:
            depth_mm = SPIKE_MM
        body, key = f'"depth_mm":{depth_mm},"battery_v":3.6,"rssi_dbm":{-70 - number % 20},"sequence":{step}', "0"
    elif member.kind is Kind.SIGNAL:
        event_id, parameter = signal_event(number, step)
        body, key = f'"event_id":{event_id},"parameter":{parameter}', f"{event_id};{parameter}"
    else:
        transaction, measurand, value = meter_value(number, step)
        body = f'"connector_id":1,"transaction_id":"{transaction}","measurand":"{measurand}","value":{value}'
        key = f"1;{transaction};{measurand}"
    payload = f'{{"time":"{time}",{body}}}'.encode()
    if habits.far_ahead:
        return payload, quarantine_key(member, payload), ExpectedResult.QUARANTINED
    return payload, f"{time};{key}", ExpectedResult.STORED


def _with_message_fault(
    emission: ScheduledMessage, member: FleetMember, faults: FaultRates, dice: Random
) -> ScheduledMessage:
    """The message, or what a bad one looks like in its place."""
    roll = dice.random()
    if roll < faults.bad_json:
        payload = emission.payload[:-1]
    elif roll < faults.bad_json + faults.wrong_unit:
        payload = emission.payload.replace(b'"depth_mm"', b'"depth_cm"').replace(b'"value"', b'"value_w"')
        payload = payload.replace(b'"parameter"', b'"parameters"')
    else:
        return emission
    return emission._replace(payload=payload, key=quarantine_key(member, payload), expect=ExpectedResult.QUARANTINED)


def quarantine_key(member: FleetMember, payload: bytes) -> str:
    """What quarantine knows a whole message by: a digest of topic and payload, hex."""
    return hashlib.sha256(member.topic.encode() + b"\0" + payload).hexdigest()
