"""Rosters: list, change, replace a person on duty, and ask who is on duty."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from rencheng.domain.device import ACTUAL
from rencheng.operations.people import replace_on_duty, roster_values, save_roster
from rencheng.response.calls.forms import OverrideForm, RosterForm
from rencheng.response.calls.roster import DutyReason, Roster, gaps, on_duty
from rencheng.store.calls.rosters import load_rosters
from rencheng.store.core.named_locks import lock_name
from rencheng.store.places import Place, of_people
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Db, Moment, RosterId, Zone
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.http.preconditions import Version
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/rosters", tags=["calls"])

LOOK_AHEAD = timedelta(days=7)
"""How far ahead gaps are shown. Source: grafana-cold-storage/oncall, weekly."""

_ROSTER: dict[str, Any] = {
    "roster_id": "lixia-keepers",
    "role": "keeper",
    "region": "370102",
    "ranks": 2,
    "shifts": [
        {
            "rank": 2,
            "person_id": "wang-fang",
            "begins_at": "2026-07-20T08:00:00+08:00",
            "ends_at": "2026-07-20T20:00:00+08:00",
        }
    ],
    "rotations": [
        {
            "rank": 1,
            "people": ["zhang-wei", "li-na"],
            "changes": ["08:00", "20:00"],
            "first_day": "2026-07-01",
            "last_day": "2026-07-31",
        }
    ],
}
_DUTY = {"rank": 1, "person_id": "zhang-wei", "reason": "shift", "leaving": None}
_GAP = {"rank": 2, "begins_at": "2026-07-20T03:00:00+08:00", "ends_at": "2026-07-20T04:00:00+08:00"}
_SHOWN: dict[str, Any] = {
    "roster_id": "lixia-keepers",
    "role": "keeper",
    "region": "370102",
    "site_id": None,
    "zone": "Asia/Shanghai",
    "ranks": 2,
    "on_duty": [_DUTY, {"rank": 2, "person_id": None, "reason": "gap", "leaving": None}],
    "gaps": [_GAP],
}


class RosterRequest(RosterForm):
    """A roster to add or change, with all of its shifts or rotations."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ROSTER]})


class OverrideRequest(OverrideForm):
    """A person who replaces whoever is planned."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rank": 1,
                    "person_id": "li-na",
                    "begins_at": "2026-07-20T20:00:00+08:00",
                    "ends_at": "2026-07-21T08:00:00+08:00",
                    "reason": "illness",
                }
            ]
        }
    )


class DutyEntry(ApiModel):
    """Who is on duty for one rank."""

    model_config = example(**_DUTY)

    rank: int
    person_id: str | None
    """null: nobody."""
    reason: DutyReason
    leaving: str | None
    """Who is on duty as well, because the handover is not accepted yet."""


class GapEntry(ApiModel):
    """A period in which nobody has a rank."""

    model_config = example(**_GAP)

    rank: int
    begins_at: datetime
    ends_at: datetime


class ShownRoster(ApiModel):
    """A roster 值班表: who is on duty, and the gaps of the next seven days."""

    model_config = example(**_SHOWN)

    roster_id: str
    role: str
    region: str
    site_id: str | None
    zone: str
    ranks: int
    on_duty: list[DutyEntry]
    gaps: list[GapEntry]


class Rosters(ApiModel):
    """All rosters."""

    model_config = example(items=[_SHOWN])

    items: list[ShownRoster]


class CreatedOverride(ApiModel):
    """The number of an override."""

    model_config = example(override_id=12)

    override_id: int


At = Annotated[Moment | None, Query(description="The time to look at; by default now.")]


@router.get("", summary="List rosters and who is on duty 值班表", operation_id="list_rosters")
def get_rosters(database: Db, caller: Caller, zone: Zone, at: At = None) -> Rosters:
    """Return who is on duty at a time, by the same rule by which calls find people, and the gaps of seven days."""
    now = at or datetime.now(UTC)
    if not caller.reach.includes_world(ACTUAL):
        return Rosters(items=[])
    with database.read() as connection:
        found = load_rosters(connection, since=now)
    items = [_shown(roster, now, zone) for roster in found if caller.reach.includes_region(roster.region)]
    return Rosters(items=items)


@router.put(
    "/{roster_id}",
    summary="Add or change a roster 编制值班表",
    operation_id="put_roster",
    responses=problem_responses(HTTPStatus.PRECONDITION_FAILED),
)
def put_roster(
    database: Db, caller: Caller, zone: Zone, version: Version, roster_id: RosterId, roster: RosterRequest
) -> ShownRoster:
    """Replace all shifts of a roster. Overrides stay."""
    if roster.roster_id != roster_id:
        raise InvalidParameter(f"The body names {roster.roster_id!r}, the path {roster_id!r}. Name the same roster.")
    caller.require([Place(roster.region, ACTUAL)])
    with refusals(), database.write() as connection:
        lock_name(connection, f"roster {roster_id}")
        known = load_rosters(connection, roster_id=roster_id)
        version.check(roster_values(known[0]) if known else None, roster_values(roster.to_roster()))
        saved = save_roster(connection, roster, actor=caller.actor)
        caller.require(of_people(connection, {shift.person_id for shift in saved.shifts}))
        [found] = load_rosters(connection, roster_id=roster_id)
    version.tag(roster_values(found))
    return _shown(found, datetime.now(UTC), zone)


@router.post(
    "/{roster_id}/overrides",
    summary="Replace a person on duty 换班",
    operation_id="post_override",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_override(database: Db, caller: Caller, roster_id: RosterId, override: OverrideRequest) -> CreatedOverride:
    """Let a person replace whoever is planned. The last override that includes a time wins."""
    with refusals(), database.write() as connection:
        if not load_rosters(connection, roster_id=roster_id, since=override.begins_at):
            raise NotFound(f"There is no roster {roster_id!r}.")
        number = replace_on_duty(connection, roster_id, override, actor=caller.actor)
        caller.require(of_people(connection, [override.person_id]))
    return CreatedOverride(override_id=number)


def _shown(roster: Roster, now: datetime, zone: Zone) -> ShownRoster:
    return ShownRoster(
        roster_id=roster.roster_id,
        role=roster.role,
        region=roster.region,
        site_id=roster.site_id,
        zone=roster.zone,
        ranks=roster.ranks,
        on_duty=[
            DutyEntry(rank=duty.rank, person_id=duty.person_id, reason=duty.reason, leaving=duty.leaving)
            for duty in on_duty(roster, now)
        ],
        gaps=[
            GapEntry(rank=gap.rank, begins_at=local(gap.begins_at, zone), ends_at=local(gap.ends_at, zone))
            for gap in gaps(roster, now, now + LOOK_AHEAD)
        ],
    )
