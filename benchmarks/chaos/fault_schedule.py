"""What is done to the servers, and when. Pure: the same seed gives the same script."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class ProcessFault(StrEnum):
    """What happens."""

    INGEST_KILLED = "worker killed -9"
    DATABASE_FAST = "database restarted (fast)"
    DATABASE_IMMEDIATE = "database restarted (immediate)"
    BROKER_RESTARTED = "broker restarted (SIGTERM)"
    BROKER_KILLED = "broker killed -9"
    HALF_THE_WRITERS = "down to half the workers"
    ALL_THE_WRITERS = "up to all the workers again"


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """How much of what."""

    seconds: float = 1800
    ingest_kills: int = 200
    database_restarts: int = 20
    broker_restarts: int = 20
    broker_kills: int = 0
    writers: int = 4


@dataclass(frozen=True, slots=True)
class FaultStep:
    """One fault, at a second from the beginning, and a number for whatever has to be chosen then."""

    at_s: float
    fault: ProcessFault
    draw: int


def fault_schedule(seed: int, dose: FaultPlan) -> list[FaultStep]:
    """The faults in order of time, evenly apart with some chance in it; workers go down and up at the thirds."""
    dice = Random(f"{seed}/chaos")
    immediate = dose.database_restarts // 2
    faults = (
        [ProcessFault.INGEST_KILLED] * dose.ingest_kills
        + [ProcessFault.DATABASE_FAST] * (dose.database_restarts - immediate)
        + [ProcessFault.DATABASE_IMMEDIATE] * immediate
        + [ProcessFault.BROKER_RESTARTED] * dose.broker_restarts
        + [ProcessFault.BROKER_KILLED] * dose.broker_kills
    )
    dice.shuffle(faults)
    third = len(faults) // 3
    faults = [
        *faults[:third],
        ProcessFault.HALF_THE_WRITERS,
        *faults[third : 2 * third],
        ProcessFault.ALL_THE_WRITERS,
        *faults[2 * third :],
    ]
    apart_s = dose.seconds / len(faults)
    return [
        FaultStep(apart_s * (number + dice.uniform(0.1, 0.9)), fault, dice.randrange(2**16))
        for number, fault in enumerate(faults)
    ]
