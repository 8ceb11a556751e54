"""What `rencheng doctor` makes of what it measured: for each finding a verdict, and what to change. Pure."""

from dataclasses import dataclass
from typing import Literal

from rencheng.messaging.mqtt.probe import NoReply, ProbeResult
from rencheng.store.core.diagnosis import DatabaseCondition

Severity = Literal["good", "change", "danger"]

WINDOW_WANTED = 1000
"""From here on the window is no longer what limits ingest: at 20 ms a batch it lets 50,000 messages a second pass."""

TRIP_MAX_MS = 20.0
"""Beyond it on a local network, small packets are held back (Nagle's algorithm waits for a delayed ACK of 40 ms)."""

BATCH_MS = 2.0
"""What a small batch takes beside its commit: four round trips to the database, and its messages."""

COMMIT_MAX_MS = 20.0
WAL_MIN_MB = 1024
CONNECTIONS_SHARE_MAX = 0.8


ANSWERS = "broker: answers of ingest on `reply` topics"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at.

    Attributes:
        about: what.
        found: the measured value, with its unit.
        verdict: `danger` loses data, `change` costs speed.
        advice: what to change, and why; empty if nothing.
    """

    about: str
    found: str
    severity: Severity = "good"
    advice: str = ""


def check_broker(passage: ProbeResult, *, commit_ms: float) -> list[CheckResult]:
    """The window, the queue and the promptness of a broker."""
    window, whole = passage.in_flight, passage.in_flight >= passage.sent
    ceiling = 1000 * window / (BATCH_MS + commit_ms + passage.trip_ms)
    in_flight = CheckResult(
        "broker: in-flight window", f"{window:,} messages or more" if whole else f"{window:,} messages"
    )
    if window < WINDOW_WANTED:
        advice = (
            f"Ingest acknowledges after a commit, so that this lets some {ceiling:,.0f} messages a second through at"
            " most. Mosquitto: `max_inflight_messages 10000`; EMQX: `mqtt.max_inflight`; NATS: `max_ack_pending`."
        )
        in_flight = CheckResult(in_flight.about, in_flight.found, "change", advice)
    queue = CheckResult("broker: queue for a subscriber that is slow", "held everything")
    if passage.dropped:
        advice = (
            f"It accepted {passage.sent:,} messages and dropped {passage.dropped:,} without a word: while the database"
            " is away, readings are lost. Mosquitto: `max_queued_messages 0` and `max_queued_bytes 0`."
        )
        queue = CheckResult(queue.about, f"held {passage.delivered - window:,} beyond the window", "danger", advice)
    trip = CheckResult("broker: one message through", f"{passage.trip_ms:.1f} ms")
    if passage.trip_ms > TRIP_MAX_MS:
        advice = "Small packets wait for more. Mosquitto: `set_tcp_nodelay true`. Or the network is slow."
        trip = CheckResult(trip.about, trip.found, "change", advice)
    return [in_flight, queue, trip, CheckResult(ANSWERS, "heard")]


def explain_no_reply(silence: NoReply) -> list[CheckResult]:
    """What a broker does that lets no answer of ingest through, so that nothing else of it can be measured."""
    rule = (
        "Let rencheng-ingest write `rencheng/v1/+/+/+/reply`, and rencheng-operator read it, as"
        " deploy/mosquitto/acl.conf does."
    )
    if not silence.cut_off:
        advice = f"Devices that wait for receipts send everything again and again. {rule}"
        return [CheckResult(ANSWERS, "not heard", "danger", advice)]
    advice = (
        "Mosquitto with `max_queued_messages 0` hangs up on who publishes what it may not, so that each answer to a"
        f" device cuts ingest off. {rule}"
    )
    return [CheckResult(ANSWERS, "the connection is closed", "danger", advice)]


def check_database(condition: DatabaseCondition) -> list[CheckResult]:
    """Whether what is committed stays, and how fast."""
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
    advice = f"A power cut may destroy what was acknowledged: `{name} = on`."
    return CheckResult(f"database: {name}", condition.settings[name], "danger", advice)


def _synchronous(condition: DatabaseCondition) -> CheckResult:
    found = condition.settings["synchronous_commit"]
    if found != "off":
        return CheckResult("database: synchronous_commit", found)
    advice = "What is acknowledged to the broker may not be on disk yet, and is lost by a crash: set it to `on`."
    return CheckResult("database: synchronous_commit", found, "danger", advice)


def _commit(condition: DatabaseCondition) -> CheckResult:
    about, found = "database: a small commit", f"{condition.commit_ms:.1f} ms"
    if condition.commit_ms <= COMMIT_MAX_MS:
        return CheckResult(about, found)
    return CheckResult(
        about, found, "change", "Each batch waits so long: a disk with a faster fsync, or less beside it."
    )


def _wal(condition: DatabaseCondition) -> CheckResult:
    about, size_mb = "database: max_wal_size", int(condition.settings["max_wal_size"])
    if size_mb >= WAL_MIN_MB:
        return CheckResult(about, f"{size_mb:,} MB")
    advice = "A storm's readings fill it in seconds, and each time it checkpoints early: `max_wal_size = 2GB`."
    return CheckResult(about, f"{size_mb:,} MB", "change", advice)


def _connections(condition: DatabaseCondition) -> CheckResult:
    most = int(condition.settings["max_connections"])
    about, found = "database: connections", f"{condition.connections} of {most}"
    if condition.connections < CONNECTIONS_SHARE_MAX * most:
        return CheckResult(about, found)
    return CheckResult(about, found, "change", "Few are left for services that come back: raise `max_connections`.")
