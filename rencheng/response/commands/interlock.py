"""Interlocks: reasons for which a command must not be sent now. They are checked where it is sent."""

from dataclasses import dataclass

from rencheng.domain.level import Level
from rencheng.response.commands.command import Command
from rencheng.response.commands.verbs import Verb

UNKNOWN = "unknown"
"""The state of a device that has reported none, or that does not know it. It counts as every state."""


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """What is known of a device's site.

    Attributes:
        level: the level of its open warning.
        is_measured: whether a gauge measures it now. A gauge that is silent, stuck or blocked does not.
        awaits_reopening: whether a task that reopens it is not signed yet.
    """

    level: Level
    is_measured: bool
    awaits_reopening: bool = False


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """What a device reported last.

    Attributes:
        is_obstructed: of a barrier, whether something is below its arm.
    """

    state: str = UNKNOWN
    text: str = ""
    is_obstructed: bool = False


def interlock(command: Command, device: DeviceNow, place: PlaceNow | None) -> str:
    """Return why a command must not be sent; empty: nothing stops it.

    A device without a site counts as one at a place that nobody measures.
    """
    if command.rule.lets_in:
        if place is None or not place.is_measured:
            return "no gauge measures the place"
        if place.level is not Level.NONE:
            return f"the place has a warning of level {place.level.word}"
        if place.awaits_reopening:
            return "the task that reopens the place is not signed"
    if command.verb is Verb.BARRIER_CLOSE and device.is_obstructed:
        return "something is below the arm"
    return ""
