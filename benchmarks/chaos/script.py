"""What is done to the servers, and when. Pure: the same seed gives the same script."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What happens."""

    WORKER_KILLED = "worker killed -9"
    DATABASE_FAST = "database restarted (fast)"
    DATABASE_IMMEDIATE = "database restarted (immediate)"
    BROKER_RESTARTED = "broker restarted (SIGTERM)"
    BROKER_KILLED = "broker killed -9"
    HALF_THE_WORKERS = "down to half the workers"
    ALL_THE_WORKERS = "up to all the workers again"


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of what."""

    seconds: float = 1800
    worker_kills: int = 200
    database_restarts: int = 20
    broker_restarts: int = 20
    broker_kills: int = 0
    workers: int = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One fault, at a second from the beginning, and a number for whatever has to be chosen then."""

    at_s: float
    fault: Fault
    lot: int


def script(seed: int, dose: Dose) -> list[Step]:
    """The faults in order of time, evenly apart with some chance in it; workers go down and up at the thirds."""
    dice = Random(f"{seed}/chaos")
    immediate = dose.database_restarts // 2
    faults = (
        [Fault.WORKER_KILLED] * dose.worker_kills
        + [Fault.DATABASE_FAST] * (dose.database_restarts - immediate)
        + [Fault.DATABASE_IMMEDIATE] * immediate
        + [Fault.BROKER_RESTARTED] * dose.broker_restarts
        + [Fault.BROKER_KILLED] * dose.broker_kills
    )
    dice.shuffle(faults)
    third = len(faults) // 3
    faults = [
        *faults[:third],
        Fault.HALF_THE_WORKERS,
        *faults[third : 2 * third],
        Fault.ALL_THE_WORKERS,
        *faults[2 * third :],
    ]
    apart_s = dose.seconds / len(faults)
    return [
        Step(apart_s * (number + dice.uniform(0.1, 0.9)), fault, dice.randrange(2**16))
        for number, fault in enumerate(faults)
    ]
