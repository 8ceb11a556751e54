"""Mutes: the silences and maintenance windows of the operators."""

from datetime import UTC, date, datetime, time
from typing import Any

from fastapi import APIRouter

from rencheng.domain.level import WarningLevelWord
from rencheng.domain.mute import Maintenance, Silence
from rencheng.operations.differences import tag_of
from rencheng.schemas.mute import Weekday, mute_form, mute_values
from rencheng.store.places import of_scope
from rencheng.store.warnings.mutes import load_mutes
from services.api.auth.guard import Caller
from services.api.deps import ByWorld, Db, Zone
from services.api.http.models import ApiModel, example, local

router = APIRouter(tags=["suppression"])

_SCOPE = {
    "etag": '"5f0c2a9b1d3e4f60718293a4b5c6d7e8"',
    "world": "actual",
    "site_id": None,
    "region": None,
    "catchment": None,
}
_SILENCE: dict[str, Any] = _SCOPE | {
    "name": "silence-12",
    "made_by": "key 1f (duty)",
    "holds": True,
    "site_id": "underpass-3",
    "up_to": "yellow",
    "reason": "gauge is being replaced",
    "begins_at": "2026-07-20T09:00:00+08:00",
    "ends_at": "2026-07-20T11:00:00+08:00",
}
_MAINTENANCE: dict[str, Any] = _SCOPE | {
    "name": "maintenance-3",
    "made_by": "key 1f (duty)",
    "holds": False,
    "catchment": "Yangtougou",
    "up_to": "blue",
    "reason": "pump test",
    "weekdays": ["mon", "thu"],
    "begins": "22:30:00",
    "lasts_minutes": 60,
    "first_day": "2026-07-01",
    "last_day": None,
}


class _Mute(ApiModel):
    name: str
    made_by: str | None
    """Who made it; null without the scope `operate` or `admin`."""
    holds: bool
    """Whether the mute suppresses now. In an exercise it follows the exercise's own time, which this field ignores."""
    world: str
    site_id: str | None
    region: str | None
    catchment: str | None
    up_to: WarningLevelWord
    reason: str
    etag: str
    """Its version; send it as `If-Match`."""


class SilenceInForce(_Mute):
    """A silence that has not ended."""

    model_config = example(**_SILENCE)

    begins_at: datetime
    ends_at: datetime


class MaintenanceInForce(_Mute):
    """A maintenance window that has not been ended."""

    model_config = example(**_MAINTENANCE)

    weekdays: list[Weekday]
    begins: time
    lasts_minutes: int
    first_day: date
    last_day: date | None


class Mutes(ApiModel):
    """The silences and maintenance windows that have not ended."""

    model_config = example(silences=[_SILENCE], maintenance=[_MAINTENANCE], unreadable=[])

    silences: list[SilenceInForce]
    maintenance: list[MaintenanceInForce]
    unreadable: list[str]
    """Stored mutes that cannot be read and mute nothing. End them, and create them again."""


@router.get("/mutes", summary="List silences and maintenance windows 静默与检修列表", operation_id="list_mutes")
def list_mutes(database: Db, caller: Caller, zone: Zone, world: ByWorld) -> Mutes:
    """Return the silences and maintenance windows that suppress deliveries now or later."""
    now = datetime.now(UTC)
    silences, maintenance = [], []
    unreadable: list[str] = []
    with database.read() as connection:
        found = load_mutes(connection, now, on_invalid=lambda name, _: unreadable.append(name))
        mutes = [(mute, author) for mute, author in found if world in {None, mute.scope.world}]
        if not caller.reach.is_everywhere:
            mutes = [(mute, author) for mute, author in mutes if caller.reaches(of_scope(connection, mute.scope))]
    for mute, author in mutes:
        made_by = author if caller.sees_authors else None
        shown = mute_form(mute) | {"name": mute.name, "made_by": made_by, "holds": mute.is_active(now)}
        shown["etag"] = f'"{tag_of(mute_values(mute))}"'
        if isinstance(mute, Silence):
            span = {"begins_at": local(mute.begins_at, zone), "ends_at": local(mute.ends_at, zone)}
            silences.append(SilenceInForce.model_validate(shown | span))
        elif isinstance(mute, Maintenance):
            maintenance.append(MaintenanceInForce.model_validate(shown))
    shown_unreadable = unreadable if caller.reach.is_everywhere else []
    return Mutes(silences=silences, maintenance=maintenance, unreadable=shown_unreadable)
