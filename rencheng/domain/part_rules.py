"""Judge the parts of the platform by their heartbeats. `/health`, status, doctor, metrics and compose use this rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rencheng.domain.fault import FaultKind
from rencheng.domain.heartbeat import Heartbeat, Part, PartCondition, PartReason, PartState

SILENT_AFTER_S = 12.0
"""A heartbeat older than this counts as none. It is written every two seconds, so five in a row are missing."""

BEHIND_AFTER_S = 5.0
"""Work that waits longer is late. Source: every flood is warned of within five seconds of its readings."""

STILL_AFTER_S = 10.0
"""A main loop that takes longer for one turn stands still. Source: stored readings of an hour and of a city take five
seconds to read and evaluate after a start."""

DOWN_AFTER_S = 60.0
"""What waits or stands still for a minute does no work any more."""

NO_BROKER_AFTER_S = 10.0
"""A connection that was cut is back within this time: clients try again after one to eight seconds."""

START_WITHIN_S = 20.0
"""The alert service has left a heartbeat this long after the start of ingest. A whole platform starts within 10 s."""

JOBS_START_WITHIN_S = 300.0
"""The same of the job runner, without which no warning is late."""

FAULT_FIGURE = "fault_"
"""The beginning of the figures with which the watch reports how many faults it finds, by kind."""


@dataclass(frozen=True, slots=True)
class JobLateness:
    """A periodic job that is overdue, and for how long it has not succeeded."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PlatformRecord:
    """What the database knows of the processes.

    Attributes:
        heartbeats: the last of each instance.
        writers_seen_s: seconds since a writer of ingest recorded progress; None if none ever did.
        undelivered: due warnings that the database holds.
        undelivered_s: the age of the oldest of them; 0 if there is none.
        overdue_jobs: the jobs that are overdue.
    """

    heartbeats: Sequence[Heartbeat]
    writers_seen_s: float | None
    undelivered: int
    undelivered_s: float
    overdue_jobs: Sequence[JobLateness]


def judge(record: PlatformRecord) -> list[PartCondition]:
    """Return the state of every part, in the order of `Part`. A part that is not used is left out."""
    of: dict[Part, list[Heartbeat]] = {part: [] for part in Part}
    for heartbeat in record.heartbeats:
        of[heartbeat.part].append(heartbeat)
    age_s = max((_lifetime_s(one) for one in of[Part.INGEST] if not one.has_stopped), default=0.0)
    found = [
        PartCondition(Part.DATABASE),
        _ingest(of[Part.INGEST], record.writers_seen_s),
        _required(Part.ALERTS, of[Part.ALERTS], age_s, START_WITHIN_S),
        _any(of[Part.RESPONSE]),
        _any(of[Part.API]),
        _required(Part.JOBS, of[Part.JOBS], age_s, JOBS_START_WITHIN_S),
        _watch(of[Part.WATCH]),
        _any(of[Part.ACCOUNTS]),
    ]
    extra = {Part.ALERTS: _undelivered(record), Part.JOBS: _overdue(record)}
    return [worst([one, extra[one.part]]) if one.part in extra else one for one in found if one is not None]


def without_database(seconds: float | None = None) -> list[PartCondition]:
    """Return the state of the parts while the database does not answer: nothing is known of the others."""
    return [PartCondition(Part.DATABASE, PartState.DOWN, PartReason.NO_ANSWER, seconds)]


def not_started(part: Part) -> PartCondition:
    """Return the state of a part that has never left a heartbeat. Without the jobs every flood is still warned of."""
    return PartCondition(part, PartState.BEHIND if part is Part.JOBS else PartState.DOWN, PartReason.NOT_STARTED)


def worst(conditions: Sequence[PartCondition]) -> PartCondition:
    """Return the gravest condition, the first of several."""
    order = list(PartState)
    return max(conditions, key=lambda one: order.index(one.state))


def judge_process(heartbeat: Heartbeat) -> PartCondition:
    """Return the state of one process by its heartbeat."""
    if heartbeat.has_stopped:
        return _bad(heartbeat, PartState.DOWN, PartReason.STOPPED, heartbeat.age_s)
    if heartbeat.age_s > SILENT_AFTER_S:
        return _bad(heartbeat, PartState.DOWN, PartReason.SILENT, heartbeat.age_s)
    figures = heartbeat.figures
    return worst(
        [
            PartCondition(heartbeat.part),
            _grown(heartbeat, PartReason.STANDS_STILL, _figure(figures, "turn_age_s"), STILL_AFTER_S),
            _grown(heartbeat, PartReason.NO_BROKER, _figure(figures, "disconnected_s"), NO_BROKER_AFTER_S),
            _grown(heartbeat, PartReason.NO_REGISTRY, _figure(figures, "unloaded_s"), STILL_AFTER_S),
            _grown(heartbeat, PartReason.LATE, _figure(figures, "lag_s"), BEHIND_AFTER_S),
            _grown(heartbeat, PartReason.UNDELIVERED, _figure(figures, "undelivered_s"), BEHIND_AFTER_S),
        ]
    )


def _ingest(heartbeats: Sequence[Heartbeat], writers_seen_s: float | None) -> PartCondition:
    """Judge receivers by their heartbeats and writers by their progress: one of them alone stores nothing."""
    if writers_seen_s is None:
        return not_started(Part.INGEST)
    running = [judge_process(one) for one in heartbeats if not one.has_stopped]
    if heartbeats and not running:
        return _any(heartbeats) or PartCondition(Part.INGEST)
    receivers = worst([PartCondition(Part.INGEST), *running])
    if writers_seen_s > SILENT_AFTER_S and receivers.state is not PartState.DOWN:
        return PartCondition(Part.INGEST, PartState.DOWN, PartReason.SILENT, writers_seen_s)
    return receivers


def _required(part: Part, heartbeats: Sequence[Heartbeat], age_s: float, start_within_s: float) -> PartCondition | None:
    if heartbeats or age_s <= start_within_s:
        return _any(heartbeats)
    return not_started(part)


def _any(heartbeats: Sequence[Heartbeat]) -> PartCondition | None:
    """Return the best state of several instances, each of which can do the work; None without one."""
    order = list(PartState)
    conditions = [judge_process(one) for one in sorted(heartbeats, key=lambda one: one.age_s)]
    return min(conditions, key=lambda one: order.index(one.state), default=None)


def _watch(heartbeats: Sequence[Heartbeat]) -> PartCondition | None:
    """Judge the watch: whether it works, what it finds, and whether the outside alarm is reached."""
    found = _any(heartbeats)
    if found is None or found.state is not PartState.OK:
        return found
    newest = min(heartbeats, key=lambda one: one.age_s)
    faults = {kind: int(_figure(newest.figures, f"{FAULT_FIGURE}{kind}")) for kind in FaultKind}
    if named := ", ".join(f"{kind} {count}" for kind, count in faults.items() if count):
        return PartCondition(Part.WATCH, PartState.BEHIND, PartReason.FAULTS, None, named)
    if seconds := _figure(newest.figures, "no_alarm_s"):
        return PartCondition(Part.WATCH, PartState.BEHIND, PartReason.NO_ALARM, seconds)
    return found


def _undelivered(record: PlatformRecord) -> PartCondition:
    if not record.undelivered or record.undelivered_s <= BEHIND_AFTER_S:
        return PartCondition(Part.ALERTS)
    state = PartState.DOWN if record.undelivered_s > DOWN_AFTER_S else PartState.BEHIND
    return PartCondition(Part.ALERTS, state, PartReason.UNDELIVERED, record.undelivered_s)


def _overdue(record: PlatformRecord) -> PartCondition:
    if not record.overdue_jobs:
        return PartCondition(Part.JOBS)
    job = max(record.overdue_jobs, key=lambda one: one.seconds)
    return PartCondition(Part.JOBS, PartState.BEHIND, PartReason.OVERDUE, job.seconds, job.name)


def _grown(heartbeat: Heartbeat, reason: PartReason, seconds: float, limit_s: float) -> PartCondition:
    """Return that a part is behind above a limit, and down above a minute."""
    seconds += heartbeat.age_s if seconds else 0.0
    if seconds <= limit_s:
        return PartCondition(heartbeat.part)
    return _bad(heartbeat, PartState.DOWN if seconds > DOWN_AFTER_S else PartState.BEHIND, reason, seconds)


def _bad(heartbeat: Heartbeat, state: PartState, reason: PartReason, seconds: float) -> PartCondition:
    return PartCondition(heartbeat.part, state, reason, seconds, heartbeat.instance)


def _lifetime_s(heartbeat: Heartbeat) -> float:
    return (heartbeat.at - heartbeat.started_at).total_seconds() + heartbeat.age_s


def _figure(figures: Mapping[str, float | None], name: str) -> float:
    return figures.get(name) or 0.0
