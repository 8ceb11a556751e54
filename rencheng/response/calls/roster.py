"""Rosters 值班表: who is on duty for a role. One function answers, for calls and for screens alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from rencheng.domain.region import code_includes, code_prefix


class DutyReason(StrEnum):
    """Why a person is called, or nobody is."""

    SHIFT = "shift"
    OVERRIDE = "override"
    GAP = "gap"
    """The roster names nobody at this time."""
    REQUESTED = "requested"
    """An operator asked for this person."""
    REGISTER = "register"
    """At red no roster names an officer; the person has a role in the register that stands in."""
    HANDOVER = "handover"
    """The person leaves, and the handover is not accepted yet."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A period in which a person is on duty, between two instants. It includes its beginning and not its end.

    Attributes:
        rank: 1 for the first person (A 岗), 2 for the deputy (B 岗), and so on.
    """

    rank: int
    person_id: str
    begins_at: datetime
    ends_at: datetime

    def includes(self, at: datetime) -> bool:
        """Return whether it is on at a time."""
        return self.begins_at <= at < self.ends_at

    def overlaps(self, other: "Shift") -> bool:
        """Return whether two periods of one rank have a time in common."""
        return self.rank == other.rank and self.begins_at < other.ends_at and other.begins_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Handover:
    """The handover of a shift from one person to another, from its offer until it is accepted or replaced."""

    rank: int
    from_person: str
    to_person: str
    offered_at: datetime
    ended_at: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        """Return whether it is offered and not accepted yet at a time."""
        return self.offered_at <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class Roster:
    """The duty of one role in a region, or at one site.

    Attributes:
        role: the role that its people have while they are on duty.
        region: a district, a city (…00) or a province (…0000).
        site_id: the one site that it is for; None for all of the region.
        zone: the IANA zone in which people read it.
        ranks: the number of people on duty at the same time.
        shifts: the planned periods. Those of a rank do not overlap.
        overrides: periods that replace shifts. The last one that includes a time wins.
        handovers: offers of handovers. Until one is accepted, the person who leaves is on duty as well.
    """

    roster_id: str
    role: str
    region: str
    site_id: str | None = None
    zone: str = "Asia/Shanghai"
    ranks: int = 1
    shifts: tuple[Shift, ...] = ()
    overrides: tuple[Shift, ...] = ()
    handovers: tuple[Handover, ...] = ()

    def serves(self, role: str, region: str, site_id: str) -> bool:
        """Return whether it is a roster of a role for a site in a region."""
        is_here = self.site_id == site_id if self.site_id else code_includes(self.region, region)
        return self.role == role and is_here


@dataclass(frozen=True, slots=True)
class Duty:
    """The person of one rank at one time; None and the reason `gap` if there is nobody.

    Attributes:
        leaving: the person whose handover to this one is not accepted yet; on duty as well until then.
    """

    rank: int
    person_id: str | None
    reason: DutyReason
    leaving: str | None = None


def on_duty(roster: Roster, at: datetime) -> tuple[Duty, ...]:
    """Return who is on duty at a time, one entry for each rank in order."""
    return tuple(_duty_of_rank(roster, rank, at) for rank in range(1, roster.ranks + 1))


def _duty_of_rank(roster: Roster, rank: int, at: datetime) -> Duty:
    for periods, reason in ((roster.overrides, DutyReason.OVERRIDE), (roster.shifts, DutyReason.SHIFT)):
        for period in reversed(periods):
            if period.rank == rank and period.includes(at):
                return Duty(rank, period.person_id, reason, _leaving(roster, period, at))
    return Duty(rank, None, DutyReason.GAP)


def _leaving(roster: Roster, period: Shift, at: datetime) -> str | None:
    """Return who hands this period over, while its person has not accepted."""
    offered = (
        each.from_person
        for each in reversed(roster.handovers)
        if each.rank == period.rank and each.to_person == period.person_id and each.is_open(at)
    )
    return next(offered, None)


def duty_for(rosters: Iterable[Roster], role: str, rank: int, region: str, site_id: str, at: datetime) -> Duty:
    """Return who has a role and rank for a site. The roster nearest to the site that names a person decides."""
    serving = [each for each in rosters if rank <= each.ranks and each.serves(role, region, site_id)]
    serving.sort(key=lambda each: (each.site_id is None, -len(code_prefix(each.region)), each.roster_id))
    for roster in serving:
        duty = on_duty(roster, at)[rank - 1]
        if duty.person_id is not None:
            return duty
    return Duty(rank, None, DutyReason.GAP)


@dataclass(frozen=True, slots=True)
class RosterGap:
    """A period in which nobody has a rank of a roster."""

    roster_id: str
    rank: int
    begins_at: datetime
    ends_at: datetime


def gaps(roster: Roster, begins_at: datetime, ends_at: datetime) -> Iterator[RosterGap]:
    """Yield the periods without anybody between two times, each as long as it lasts."""
    periods = (*roster.shifts, *roster.overrides)
    edges = {edge for period in periods for edge in (period.begins_at, period.ends_at) if begins_at < edge < ends_at}
    times = sorted({begins_at, *edges, ends_at})
    for rank in range(1, roster.ranks + 1):
        since: datetime | None = None
        for at in times:
            is_gap = at < ends_at and _duty_of_rank(roster, rank, at).person_id is None
            if is_gap and since is None:
                since = at
            elif not is_gap and since is not None:
                yield RosterGap(roster.roster_id, rank, since, at)
                since = None


def first_overlap(shifts: Sequence[Shift]) -> tuple[Shift, Shift] | None:
    """Return two shifts of one rank that overlap, if there are any."""
    ordered = sorted(shifts, key=lambda shift: (shift.rank, shift.begins_at, shift.ends_at))
    for earlier, later in pairwise(ordered):
        if earlier.overlaps(later):
            return earlier, later
    return None
