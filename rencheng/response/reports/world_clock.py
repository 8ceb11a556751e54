"""Times of an exercise by one clock, that of its world.

An exercise may replay a storm faster than it was. Its warnings and tasks have the storm's time; answers, messages and
commands have the platform's. The messages of a warning have both, and so tell how the two go together.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from rencheng.domain.device import ACTUAL
from rencheng.response.reports.facts import EventFacts, Record


class ClockPair(NamedTuple):
    """The same moment by the platform's clock and by the storm's."""

    real: datetime
    storm: datetime


def in_time_of_world(facts: EventFacts) -> EventFacts:
    """Return the facts with every time by the clock of the world. Those of the actual world stay as they are."""
    if facts.warning["world"] == ACTUAL:
        return facts
    pairs = [ClockPair(each["recorded_at"], each["issued_at"]) for each in facts.events]

    def moved(row: Record, *names: str) -> Record:
        return {**row, **{name: None if row[name] is None else _storm_time(pairs, row[name]) for name in names}}

    return replace(
        facts,
        dispatches=[moved(each, "sent_at", "delivered_at") for each in facts.dispatches],
        answers=[moved(each, "at") for each in facts.answers],
        commands=[moved(each, "asked_at", "confirmed_at") for each in facts.commands],
    )


def _storm_time(pairs: Sequence[ClockPair], real: datetime) -> datetime:
    """Return the storm's time of a moment: between the messages before and after it, else at their average speed."""
    if not pairs:
        return real
    first, last = pairs[0], pairs[-1]
    before = max((each for each in pairs if each.real <= real), default=None)
    after = min((each for each in pairs if each.real > real), default=None)
    if before is not None and after is not None:
        first, last = before, after
    spent = last.real - first.real
    speed = (last.storm - first.storm) / spent if spent > timedelta() else 1.0
    known = before or first
    return known.storm + speed * (real - known.real)
