"""Rotations: shifts at the same local times every day, in which people take turns."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from rencheng.response.calls.roster import Shift


def rotation(
    people: Sequence[str], changes: Sequence[time], first: date, last: date, zone: ZoneInfo, *, rank: int = 1
) -> tuple[Shift, ...]:
    """Return the shifts of a rotation, from the first change on the first day to the first change after the last day.

    Each shift ends at the instant at which the next one begins, also where clocks are changed.

    Args:
        people: who takes turns, in order.
        changes: the local times of day at which a shift begins.
        first: the first day.
        last: the last day on which shifts begin.
        zone: the zone of the local times.
        rank: the rank of all shifts.
    """
    edges = sorted(set(_changes(changes, first, last, zone)))
    return tuple(
        Shift(rank, people[number % len(people)], begins, ends) for number, (begins, ends) in enumerate(pairwise(edges))
    )


def _changes(changes: Sequence[time], first: date, last: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the instants of the changes. A local time that a clock change skips is taken as the zone reads it."""
    day = first
    while day <= last:
        for change in changes:
            yield datetime.combine(day, change, zone).astimezone(UTC)
        day += timedelta(days=1)
    yield datetime.combine(day, min(changes), zone).astimezone(UTC)
