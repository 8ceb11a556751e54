"""What an attack is given and what it reports. A process of its own runs the attacks of each attacker."""

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

MARK = "forged-by-adversary"
"""Stands in every message that an attacker must not be able to deliver. A subscriber looks for it."""

NICENESS = 19
"""The priority of attackers. They stand for other machines, which do not use the processors of this one."""


@dataclass(frozen=True, slots=True)
class AttackTarget:
    """The platform as an attacker sees it, and what the attacker holds.

    Attributes:
        broker: host and port of the broker.
        api: host and port of the API.
        device: name of the device whose account the attacker has.
        password: its password.
        region: the device's region.
        others: names of other devices.
        sites: names of the sites that flood.
        keys: API keys by scope, each with that scope alone.
    """

    broker: tuple[str, int]
    api: tuple[str, int]
    device: str
    password: str
    region: str
    others: Sequence[str]
    sites: Sequence[str]
    keys: Mapping[str, str]

    def topic(self, channel: str = "telemetry") -> str:
        """Return a topic of the attacker's own device."""
        return f"rencheng/v1/{self.region}/waterlogging/{self.device}/{channel}"


@dataclass(frozen=True, slots=True)
class AttackResult:
    """What one attempt did.

    Attributes:
        tried: number of messages, connections or requests.
        refused: how many of them the platform rejected or closed.
        breach: what succeeded that must not; empty if nothing did.
    """

    tried: int
    refused: int
    breach: str = ""


Attack = Callable[[AttackTarget, random.Random], AttackResult]


@dataclass(slots=True)
class AttackTally:
    """The results of one attack over the run."""

    times: int = 0
    tried: int = 0
    refused: int = 0
    breaches: list[str] = field(default_factory=list)

    def add(self, result: AttackResult) -> None:
        """Add one attempt."""
        self.times += 1
        self.tried += result.tried
        self.refused += result.refused
        if result.breach:
            self.breaches.append(result.breach)


def run_attacks(
    result: Connection, target: AttackTarget, attacks: Sequence[Attack], *, seed: int, seconds: float
) -> None:
    """Run all attacks once in a random order, then again, until the time is over. Send the tallies back.

    Args:
        result: takes a dictionary of tallies by the attack's name.
        target: the platform.
        attacks: functions of a module.
        seed: decides order and content.
        seconds: how long.
    """
    os.nice(NICENESS)
    dice = random.Random(seed)
    tallies = {attack.__name__: AttackTally() for attack in attacks}
    until_s = time.monotonic() + seconds
    waiting: list[Attack] = []
    while time.monotonic() < until_s:
        if not waiting:
            waiting = dice.sample(list(attacks), len(attacks))
        attack = waiting.pop()
        try:
            outcome = attack(target, dice)
        except OSError:  # the platform closed the connection
            outcome = AttackResult(1, 1)
        tallies[attack.__name__].add(outcome)
    result.send(tallies)
