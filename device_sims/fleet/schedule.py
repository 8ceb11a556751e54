"""The messages of a fleet in order of time. Deterministic: the same plan gives the same bytes."""

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
"""Less than the future tolerance of the platform (300 s), so that such readings are stored."""
FAR_AHEAD_S = 3600.0
FAR_AHEAD_SHARE = 0.25


class ExpectedResult(StrEnum):
    """What the platform must do with a message."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class ScheduledMessage(NamedTuple):
    """One message to publish.

    Attributes:
        due_us: time of sending, microseconds from the start.
        device: the sender, a position in `FleetPlan.members()`.
        payload: the bytes.
        key: the reading's natural key as `time;rest`, or the digest for quarantine, hexadecimal.
        expect: the expected result.
    """

    due_us: int
    device: int
    payload: bytes
    key: str
    expect: ExpectedResult


@dataclass(slots=True)
class _DeviceTraits:
    """The properties of one device."""

    flood: SyntheticFlood | None
    stuck_mm: float | None
    spikes: bool
    skew: timedelta
    far_ahead: bool


def scheduled_messages(plan: FleetPlan) -> Iterator[ScheduledMessage]:
    """Yield all messages of a fleet in order of `due_us`, without end."""
    rng = Random(f"{plan.seed}/messages")  # noqa: S311 - reproducible
    members, habits = plan.members(), _device_traits(plan)
    delayed: list[ScheduledMessage] = []  # messages that are sent later than they were made: a heap by time
    for due_us, device, number, step in _due_times(plan.parts):
        while delayed and delayed[0].due_us <= due_us:
            yield heapq.heappop(delayed)
        content = _message(plan, members[device], habits[device], due_us, number, step)
        emission = _with_message_fault(ScheduledMessage(due_us, device, *content), members[device], plan.faults, rng)
        if emission.expect is not ExpectedResult.STORED:
            yield emission
            continue
        roll = rng.random()
        if roll < plan.faults.late:
            emission = emission._replace(due_us=due_us + int(1e6 * rng.uniform(0, LATE_MAX_S)))
            heapq.heappush(delayed, emission)
        else:
            yield emission
        if rng.random() < plan.faults.duplicate:
            again_us = emission.due_us + int(1e6 * rng.uniform(0, LATE_MAX_S))
            heapq.heappush(delayed, emission._replace(due_us=again_us, expect=ExpectedResult.DUPLICATE))


def reconnect_storms(plan: FleetPlan, connections: int) -> Iterator[tuple[float, list[int]]]:
    """Yield (second, connections to cut) of each reconnect storm."""
    every_s, share = plan.faults.storm_every_s, plan.faults.storm_share
    if every_s is None:
        return
    rng, at_s = Random(f"{plan.seed}/storms"), 0.0  # noqa: S311 - reproducible
    while True:
        at_s += every_s * rng.uniform(0.5, 1.5)
        yield at_s, sorted(rng.sample(range(connections), round(share * connections)))


def _due_times(parts: Sequence[FleetPart]) -> Iterator[tuple[int, int, int, int]]:
    """Yield (due_us, device, its number within its part, step) of every message in order of time."""
    first, rounds = 0, []
    for part in parts:
        rounds.append(_rounds(part, first))
        first += part.devices
    return heapq.merge(*rounds)


def _rounds(part: FleetPart, first: int) -> Iterator[tuple[int, int, int, int]]:
    step = 0
    while part.devices:
        round_us = step * part.every_us
        for number in range(part.devices):
            yield round_us + part.every_us * number // part.devices, first + number, number, step
        step += 1


def _device_traits(plan: FleetPlan) -> list[_DeviceTraits]:
    rng, faults = Random(f"{plan.seed}/devices"), plan.faults  # noqa: S311 - reproducible
    habits = []
    for member in plan.members():
        is_gauge = member.kind is Kind.WATERLOGGING
        skewed = rng.random() < faults.skewed
        far_ahead = skewed and rng.random() < FAR_AHEAD_SHARE
        skew_s = FAR_AHEAD_S if far_ahead else round(rng.uniform(-SKEW_MAX_S, SKEW_MAX_S), 3) if skewed else 0.0
        habits.append(
            _DeviceTraits(
                flood=random_flood(rng) if is_gauge else None,
                stuck_mm=float(rng.randrange(500)) if rng.random() < faults.stuck else None,
                spikes=rng.random() < faults.spiking,
                skew=timedelta(seconds=skew_s),
                far_ahead=far_ahead,
            )
        )
    return habits


def _message(
    plan: FleetPlan, member: FleetMember, habits: _DeviceTraits, due_us: int, number: int, step: int
) -> tuple[bytes, str, ExpectedResult]:
    """Return payload, key and expected result of a device's message before message faults."""
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
    emission: ScheduledMessage, member: FleetMember, faults: FaultRates, rng: Random
) -> ScheduledMessage:
    """Return the message, or a faulty one in its place."""
    roll = rng.random()
    if roll < faults.bad_json:
        payload = emission.payload[:-1]
    elif roll < faults.bad_json + faults.wrong_unit:
        payload = emission.payload.replace(b'"depth_mm"', b'"depth_cm"').replace(b'"value"', b'"value_w"')
        payload = payload.replace(b'"parameter"', b'"parameters"')
    else:
        return emission
    return emission._replace(payload=payload, key=quarantine_key(member, payload), expect=ExpectedResult.QUARANTINED)


def quarantine_key(member: FleetMember, payload: bytes) -> str:
    """Return the key of a whole message in quarantine: a digest of topic and payload, hexadecimal."""
    return hashlib.sha256(member.topic.encode() + b"\0" + payload).hexdigest()
