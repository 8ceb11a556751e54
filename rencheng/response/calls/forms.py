"""The JSON forms of people, rosters and policies of calls, for API and commands."""

import datetime as dt
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.site import SiteType
from rencheng.response.calls.people import Person
from rencheng.response.calls.policy import CallPolicy, CallStep, ChannelUse, Post
from rencheng.response.calls.roster import Roster, Shift, first_overlap
from rencheng.response.calls.rotation import rotation
from rencheng.schemas.fields import Day, DistrictCode, Identifier, Moment, OptionalText, Text

RoleName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,31}$")]
"""A role, such as `keeper`, `duty_officer` or `leader`."""

Rank = Annotated[int, Field(ge=1, le=5, description="1: the first person (A 岗), 2: the deputy (B 岗), and so on.")]

OVERRIDE_MAX = dt.timedelta(days=31)
"""A longer replacement belongs into the roster. Proposal."""

_DAYS_MAX = 400
"""The longest rotation: a year, and some weeks. Proposal."""

_SHIFTS_MAX = 5000
"""The most shifts of a roster: a year of three ranks with four shifts a day, and some more. Proposal."""

_STRICT = ConfigDict(extra="forbid", frozen=True)


class PersonForm(BaseModel):
    """A person who can be called."""

    model_config = _STRICT

    person_id: Identifier
    name: Text
    organisation: OptionalText = ""
    roles: Annotated[tuple[RoleName, ...], Field(max_length=20)] = ()
    regions: Annotated[tuple[DistrictCode, ...], Field(min_length=1, max_length=50)]
    active: bool = True

    def to_person(self) -> Person:
        """Return the person."""
        return Person(
            self.person_id, self.name, self.organisation, tuple(dict.fromkeys(self.roles)), self.regions, self.active
        )


class ShiftForm(BaseModel):
    """A period in which a person is on duty."""

    model_config = _STRICT

    rank: Rank = 1
    person_id: Identifier
    begins_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _check_period(self) -> "ShiftForm":
        if not dt.timedelta(0) < self.ends_at - self.begins_at <= OVERRIDE_MAX:
            raise ValueError(f"ends_at must be after begins_at, by {OVERRIDE_MAX.days} days at most")
        return self

    def to_shift(self) -> Shift:
        """Return the shift."""
        return Shift(self.rank, self.person_id, self.begins_at, self.ends_at)


class OverrideForm(ShiftForm):
    """A period in which a person replaces whoever is planned."""

    reason: Text


class HandoverForm(BaseModel):
    """The handover of a shift to the person who comes."""

    model_config = _STRICT

    rank: Rank = 1
    from_person: Identifier = Field(description="Who leaves.")
    to_person: Identifier = Field(description="Who comes.")
    note: OptionalText = Field("", description="What the one who comes must know, such as tasks that are not done.")

    @model_validator(mode="after")
    def _check_people(self) -> "HandoverForm":
        if self.from_person == self.to_person:
            raise ValueError("a handover is between two people")
        return self


class RotationForm(BaseModel):
    """Shifts at the same local times every day, in which people take turns."""

    model_config = _STRICT

    rank: Rank = 1
    people: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=100)]
    changes: Annotated[tuple[dt.time, ...], Field(min_length=1, max_length=6)] = Field(
        description="The local times at which a shift begins, such as 08:00 and 20:00."
    )
    first_day: Day
    last_day: Day

    @model_validator(mode="after")
    def _check_times(self) -> "RotationForm":
        if any(change.tzinfo is not None for change in self.changes):
            raise ValueError("changes are times of day in the roster's zone, without an offset")
        if not 0 <= (self.last_day - self.first_day).days <= _DAYS_MAX:
            raise ValueError(f"last_day must not be before first_day, and at most {_DAYS_MAX} days after it")
        return self


class RosterForm(BaseModel):
    """A roster of one role. Saving it replaces all of its shifts; overrides stay."""

    model_config = _STRICT

    roster_id: Identifier
    role: RoleName
    region: DistrictCode
    site_id: Identifier | None = Field(None, description="The one site that it is for; null: all sites of the region.")
    zone: str = CITY_ZONE.key
    ranks: Rank = 1
    shifts: Annotated[tuple[ShiftForm, ...], Field(max_length=_SHIFTS_MAX)] = ()
    rotations: Annotated[tuple[RotationForm, ...], Field(max_length=20)] = ()

    @field_validator("zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"it is not an IANA time zone; use one such as {CITY_ZONE.key}")
        return zone

    @model_validator(mode="after")
    def _check_shifts(self) -> "RosterForm":
        shifts = self.all_shifts()
        if any(shift.rank > self.ranks for shift in shifts):
            raise ValueError(f"a shift has a rank above `ranks`, {self.ranks}")
        if len(shifts) > _SHIFTS_MAX:
            raise ValueError(f"a roster has at most {_SHIFTS_MAX} shifts")
        if found := first_overlap(shifts):
            one, other = found
            raise ValueError(
                f"two shifts of rank {one.rank} overlap: {one.person_id} until {one.ends_at.isoformat()},"
                f" {other.person_id} from {other.begins_at.isoformat()}"
            )
        return self

    def all_shifts(self) -> tuple[Shift, ...]:
        """Return the shifts that are given, and those of the rotations."""
        zone = ZoneInfo(self.zone)
        turns = (
            shift
            for each in self.rotations
            for shift in rotation(each.people, each.changes, each.first_day, each.last_day, zone, rank=each.rank)
        )
        given = (*(shift.to_shift() for shift in self.shifts), *turns)
        return tuple(sorted(given, key=lambda shift: (shift.rank, shift.begins_at)))

    def to_roster(self) -> Roster:
        """Return the roster, without overrides."""
        return Roster(self.roster_id, self.role, self.region, self.site_id, self.zone, self.ranks, self.all_shifts())


class PostForm(BaseModel):
    """Who is called: a role of a rank."""

    model_config = _STRICT

    role: RoleName
    rank: Rank = 1


class ChannelForm(BaseModel):
    """A kind of contact method, and how long after the beginning of the step it is used."""

    model_config = _STRICT

    kind: Literal["chat", "mail", "sms", "voice"]
    after_s: Annotated[float, Field(ge=0, le=3600)] = 0.0


class StepForm(BaseModel):
    """People who are called at the same time."""

    model_config = _STRICT

    posts: Annotated[tuple[PostForm, ...], Field(min_length=1, max_length=20)]
    wait_s: Annotated[float, Field(ge=30, le=3600)]
    needs: Annotated[tuple[RoleName, ...], Field(max_length=4)] = Field(
        (), description="Roles of which one person each must answer; a role named twice needs two. Empty: anybody."
    )
    channels: Annotated[tuple[ChannelForm, ...], Field(max_length=4)] = Field(
        (), description="Empty: all contact methods of the person, at once."
    )

    def to_step(self) -> CallStep:
        """Return the step."""
        posts = tuple(dict.fromkeys(Post(post.role, post.rank) for post in self.posts))
        channels = tuple(ChannelUse(each.kind, each.after_s) for each in self.channels)
        return CallStep(posts, self.wait_s, self.needs, channels)


class CallPolicyForm(BaseModel):
    """A policy of calls. Each change makes a new version, which another person approves."""

    model_config = _STRICT

    policy_id: Identifier
    region: DistrictCode
    site_type: SiteType | None = None
    level: Literal["yellow", "orange", "red"]
    hold_s: Annotated[float, Field(ge=60, le=24 * 3600)] = Field(
        description="How long an answer holds without progress, seconds."
    )
    steps: Annotated[tuple[StepForm, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _check_needs(self) -> "CallPolicyForm":
        called: set[str] = set()
        for number, step in enumerate(self.steps, start=1):
            called |= {post.role for post in step.posts}
            if missing := set(step.needs) - called:
                raise ValueError(f"step {number} needs {', '.join(sorted(missing))}, who is not called until then")
        return self

    def to_policy(self, version: int) -> CallPolicy:
        """Return a version of the policy."""
        steps = tuple(step.to_step() for step in self.steps)
        level = Level.parse(self.level)
        return CallPolicy(self.policy_id, version, self.region, self.site_type, level, steps, self.hold_s)
