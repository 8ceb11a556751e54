"""The checks of `rencheng doctor`: each measured value with its severity and the setting to change. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from rencheng.domain.fault import FAULT_TEXTS, ResponseFault
from rencheng.domain.heartbeat import Part, PartCondition, PartReason, PartState
from rencheng.messaging.mqtt.probe import NoReply, ProbeResult
from rencheng.store.core.diagnosis import DatabaseCondition
from rencheng.text.parts import part_text

Severity = Literal["good", "change", "danger"]

WINDOW_WANTED = 1000
"""A window of this size no longer limits ingest: at 20 ms per batch it allows 50,000 messages/s."""

TRIP_MAX_MS = 20.0
"""A longer round trip on a local network means delayed packets (Nagle's algorithm waits 40 ms for a delayed ACK)."""

BATCH_MS = 2.0
"""Time of a small batch besides its commit: four database round trips, and its messages."""

COMMIT_MAX_MS = 20.0
WAL_MIN_MB = 1024
CONNECTIONS_SHARE_MAX = 0.8


SHOWN_GAUGES = SHOWN_FAULTS = 10

_PART_SEVERITY: dict[PartState, Severity] = {
    PartState.OK: "good",
    PartState.BEHIND: "change",
    PartState.DOWN: "danger",
}

REPLIES = "broker: replies of ingest on `reply` topics"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check.

    Attributes:
        about: the checked property.
        found: the measured value, with its unit.
        severity: `danger` can lose data, `change` costs throughput.
        advice: the setting to change, and why; empty if none.
    """

    about: str
    found: str
    severity: Severity = "good"
    advice: str = ""


def check_broker(probe: ProbeResult, *, commit_ms: float) -> list[CheckResult]:
    """Check the broker's window, queue, round trip and reply topics."""
    window, whole = probe.in_flight, probe.in_flight >= probe.sent
    ceiling = 1000 * window / (BATCH_MS + commit_ms + probe.trip_ms)
    in_flight = CheckResult(
        "broker: in-flight window", f"{window:,} messages or more" if whole else f"{window:,} messages"
    )
    if window < WINDOW_WANTED:
        advice = (
            f"Ingest acknowledges after the commit, so this window allows at most about {ceiling:,.0f} messages/s."
            " Mosquitto: `max_inflight_messages 10000`; EMQX: `mqtt.max_inflight`; NATS: `max_ack_pending`."
        )
        in_flight = CheckResult(in_flight.about, in_flight.found, "change", advice)
    queue = CheckResult("broker: queue for a slow subscriber", "kept all messages")
    if probe.dropped:
        advice = (
            f"It accepted {probe.sent:,} messages and silently dropped {probe.dropped:,}: readings are lost while"
            " the database is away. Mosquitto: `max_queued_messages 0` and a large `max_queued_bytes`."
        )
        queue = CheckResult(queue.about, f"kept {probe.delivered - window:,} beyond the window", "danger", advice)
    trip = CheckResult("broker: round trip of one message", f"{probe.trip_ms:.1f} ms")
    if probe.trip_ms > TRIP_MAX_MS:
        advice = "Small packets are delayed. Mosquitto: `set_tcp_nodelay true`. Otherwise the network is slow."
        trip = CheckResult(trip.about, trip.found, "change", advice)
    return [in_flight, queue, trip, CheckResult(REPLIES, "delivered")]


def explain_no_reply(error: NoReply) -> list[CheckResult]:
    """Explain why replies of ingest do not arrive. Without them nothing else can be measured."""
    rule = (
        "Let rencheng-ingest write `rencheng/v1/+/+/+/reply`, and rencheng-operator read it, as"
        " deploy/mosquitto/acl.conf does."
    )
    if not error.disconnected:
        advice = f"Devices that wait for receipts keep sending the same messages. {rule}"
        return [CheckResult(REPLIES, "not delivered", "danger", advice)]
    advice = (
        "Mosquitto with `max_queued_messages 0` disconnects a client that publishes without permission, so each reply"
        f" to a device disconnects ingest. {rule}"
    )
    return [CheckResult(REPLIES, "the connection is closed", "danger", advice)]


def check_parts(parts: Sequence[PartCondition]) -> list[CheckResult]:
    """Check that every part of the platform does its work, by the judgement of `/health`.

    A part that never started is no danger yet: doctor is also run before the services are.
    """
    return [
        CheckResult(
            f"platform: {one.part}",
            one.state.value,
            "change" if one.reason is PartReason.NOT_STARTED else _PART_SEVERITY[one.state],
            _advice(one),
        )
        for one in parts
        if one.part is not Part.DATABASE
    ]


def check_faults(faults: Sequence[ResponseFault]) -> list[CheckResult]:
    """Check what follows a warning, by the questions of the watch. Return one result for each kind of fault."""
    if not faults:
        return [CheckResult("response: faults that the watch finds", "none")]
    results = []
    for kind in dict.fromkeys(one.kind for one in faults):
        named = [f"{one.subject} for {one.seconds:.0f} s" for one in faults if one.kind is kind]
        advice = f"{FAULT_TEXTS[kind][0]} {FAULT_TEXTS[kind][1]}: {', '.join(named[:SHOWN_FAULTS])}."
        results.append(CheckResult(f"response: {kind.value}", str(len(named)), "change", advice))
    return results


def check_late_gauges(lags_s: Mapping[str, float]) -> CheckResult:
    """Check that the readings of all gauges arrive in time to be evaluated."""
    about = "gauges: readings too late to be evaluated"
    if not lags_s:
        return CheckResult(about, "none")
    named = ", ".join(f"{name} by {lag_s:.0f} s" for name, lag_s in islice(lags_s.items(), SHOWN_GAUGES))
    advice = f"Their sites have no data. Set the clock of the gauge, or mend its way to the broker: {named}."
    return CheckResult(about, f"{len(lags_s)}", "change", advice)


def _advice(one: PartCondition) -> str:
    return "" if one.state is PartState.OK else " ".join(part_text(one))


def check_database(condition: DatabaseCondition) -> list[CheckResult]:
    """Check that the database keeps committed data, and how fast it commits."""
    return [
        CheckResult("database", f"PostgreSQL {condition.version}, TimescaleDB {_edition(condition)}"),
        *(_must_be_on(condition, name) for name in ("fsync", "full_page_writes")),
        _synchronous(condition),
        _commit(condition),
        _wal(condition),
        _connections(condition),
    ]


def _edition(condition: DatabaseCondition) -> str:
    return {"apache": "Apache", "timescale": "Community"}.get(condition.settings.get("timescaledb.license", ""), "none")


def _must_be_on(condition: DatabaseCondition, name: str) -> CheckResult:
    if condition.settings[name] == "on":
        return CheckResult(f"database: {name}", "on")
    advice = f"A power cut can destroy acknowledged readings: set `{name} = on`."
    return CheckResult(f"database: {name}", condition.settings[name], "danger", advice)


def _synchronous(condition: DatabaseCondition) -> CheckResult:
    found = condition.settings["synchronous_commit"]
    if found != "off":
        return CheckResult("database: synchronous_commit", found)
    advice = "Acknowledged readings may not be on disk and can be lost in a crash: set it to `on`."
    return CheckResult("database: synchronous_commit", found, "danger", advice)


def _commit(condition: DatabaseCondition) -> CheckResult:
    about, found = "database: a small commit", f"{condition.commit_ms:.1f} ms"
    if condition.commit_ms <= COMMIT_MAX_MS:
        return CheckResult(about, found)
    return CheckResult(
        about, found, "change", "Every batch waits this long: use a disk with a faster fsync, or reduce its other load."
    )


def _wal(condition: DatabaseCondition) -> CheckResult:
    about, size_mb = "database: max_wal_size", int(condition.settings["max_wal_size"])
    if size_mb >= WAL_MIN_MB:
        return CheckResult(about, f"{size_mb:,} MB")
    advice = "Readings at peak rate fill it in seconds and force early checkpoints: set `max_wal_size = 2GB`."
    return CheckResult(about, f"{size_mb:,} MB", "change", advice)


def _connections(condition: DatabaseCondition) -> CheckResult:
    most = int(condition.settings["max_connections"])
    about, found = "database: connections", f"{condition.connections} of {most}"
    if condition.connections < CONNECTIONS_SHARE_MAX * most:
        return CheckResult(about, found)
    return CheckResult(about, found, "change", "Too few are free for services that reconnect: raise `max_connections`.")
