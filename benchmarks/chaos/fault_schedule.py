"""The faults of a run and their times. Deterministic: the same seed gives the same schedule."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class ProcessFault(StrEnum):
    """A fault of a process or server."""

    INGEST_KILLED = "ingest process killed (SIGKILL)"
    DATABASE_FAST = "database restarted (fast)"
    DATABASE_IMMEDIATE = "database restarted (immediate)"
    BROKER_RESTARTED = "broker restarted (SIGTERM)"
    BROKER_KILLED = "broker killed (SIGKILL)"
    HALF_THE_WRITERS = "writers halved"
    ALL_THE_WRITERS = "writers restored"


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """How many faults of each kind, over how many seconds, with how many writers."""

    seconds: float = 1800
    ingest_kills: int = 200
    database_restarts: int = 20
    broker_restarts: int = 20
    broker_kills: int = 0
    writers: int = 4


@dataclass(frozen=True, slots=True)
class FaultStep:
    """One fault: its second from the beginning, and a random number for choices that it needs."""

    at_s: float
    fault: ProcessFault
    draw: int


def fault_schedule(seed: int, plan: FaultPlan) -> list[FaultStep]:
    """Return the faults in order of time, about evenly spaced. Writers are halved and restored at the thirds."""
    rng = Random(f"{seed}/chaos")
    immediate = plan.database_restarts // 2
    faults = (
        [ProcessFault.INGEST_KILLED] * plan.ingest_kills
        + [ProcessFault.DATABASE_FAST] * (plan.database_restarts - immediate)
        + [ProcessFault.DATABASE_IMMEDIATE] * immediate
        + [ProcessFault.BROKER_RESTARTED] * plan.broker_restarts
        + [ProcessFault.BROKER_KILLED] * plan.broker_kills
    )
    rng.shuffle(faults)
    third = len(faults) // 3
    faults = [
        *faults[:third],
        ProcessFault.HALF_THE_WRITERS,
        *faults[third : 2 * third],
        ProcessFault.ALL_THE_WRITERS,
        *faults[2 * third :],
    ]
    apart_s = plan.seconds / len(faults)
    return [
        FaultStep(apart_s * (number + rng.uniform(0.1, 0.9)), fault, rng.randrange(2**16))
        for number, fault in enumerate(faults)
    ]
