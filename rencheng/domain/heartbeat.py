"""Heartbeats: what each process of the platform reports of itself, and the state of a part that follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

HEARTBEAT_EVERY_S = 2.0
"""Each process writes its heartbeat this often."""


class Part(StrEnum):
    """A part of the platform. All but the database are processes with heartbeats."""

    DATABASE = "database"
    INGEST = "ingest"
    ALERTS = "alerts"
    RESPONSE = "response"
    API = "api"
    JOBS = "jobs"
    WATCH = "watch"
    """The watch over what follows a warning; a thread of the job runner."""
    ACCOUNTS = "accounts"


class PartState(StrEnum):
    """Whether a part does its work. The order is that of severity."""

    OK = "ok"
    BEHIND = "behind"
    """It works later than it should."""
    DOWN = "down"
    """It does not work."""


class PartReason(StrEnum):
    """Why a part is behind or down."""

    NOT_STARTED = "not_started"
    """It has never left a heartbeat."""
    STOPPED = "stopped"
    """It was asked to stop, and has not started again."""
    SILENT = "silent"
    """Its heartbeat is old: the process is dead, hangs, or does not reach the database."""
    STANDS_STILL = "stands_still"
    """The process is alive; its main loop does not turn."""
    NO_BROKER = "no_broker"
    """It has no connection to the broker."""
    NO_REGISTRY = "no_registry"
    """It has not loaded devices and sites."""
    LATE = "late"
    """What it received waits."""
    UNDELIVERED = "undelivered"
    """Due warnings are not delivered."""
    OVERDUE = "overdue"
    """A periodic job has not succeeded for at least two of its intervals."""
    FAULTS = "faults"
    """The watch finds faults; see `rencheng.domain.fault`."""
    NO_ALARM = "no_alarm"
    """The outside alarm cannot be reached."""
    NO_ANSWER = "no_answer"
    """The database does not answer."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last heartbeat of one instance of a process. Ages are by the database's clock.

    Attributes:
        part: of the platform.
        instance: distinguishes several processes of a part; stable across restarts.
        started_at, at: when the process started, and when it wrote this heartbeat.
        age_s: seconds since then.
        has_stopped: whether it was asked to stop, and this is its last heartbeat.
        version: of the software.
        figures: what the process says of its work, such as `lag_s`; see `rencheng.heartbeats`.
    """

    part: Part
    instance: str
    started_at: datetime
    at: datetime
    age_s: float
    has_stopped: bool
    version: str
    figures: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartCondition:
    """The state of a part.

    Attributes:
        part: of the platform.
        state: ok, behind or down.
        reason: why; None if it is ok.
        seconds: how long, or by how much; None where no time belongs to it.
        subject: the instance or job that is meant; empty if there is only one.
    """

    part: Part
    state: PartState = PartState.OK
    reason: PartReason | None = None
    seconds: float | None = None
    subject: str = ""
