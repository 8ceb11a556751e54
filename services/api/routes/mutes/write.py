"""Mutes: create and end silences and maintenance windows."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from rencheng.domain.errors import NotPossible
from rencheng.domain.mute import Maintenance, Silence
from rencheng.operations.mutes import change_silence, create_mute, finish_mute
from rencheng.schemas.mute import MaintenanceForm, SilenceForm, mute_values
from rencheng.store.core.named_locks import lock_name
from rencheng.store.places import of_scope
from rencheng.store.warnings.mutes import find_mute
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.changes import ChangeRoute
from services.api.deps import Actor, Db
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.preconditions import Version
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, tags=["suppression"])

_SILENCE: dict[str, Any] = {
    "site_id": "underpass-3",
    "up_to": "yellow",
    "reason": "gauge is being replaced",
    "begins_at": "2026-07-20T09:00:00+08:00",
    "ends_at": "2026-07-20T11:00:00+08:00",
}
_MAINTENANCE: dict[str, Any] = {
    "catchment": "Yangtougou",
    "up_to": "blue",
    "reason": "pump test",
    "weekdays": ["mon", "thu"],
    "begins": "22:30:00",
    "lasts_minutes": 60,
    "first_day": "2026-07-01",
}

MuteName = Annotated[
    str,
    Path(
        pattern="^(silence|maintenance)-[0-9]{1,18}$",
        description="The name of a silence or maintenance window, such as `silence-12`.",
    ),
]


SilenceName = Annotated[str, Path(pattern="^silence-[0-9]{1,18}$", description="The name of a silence.")]


class SilenceRequest(SilenceForm):
    """A silence to create. A warning above its level is delivered all the same."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SILENCE]})


class MaintenanceRequest(MaintenanceForm):
    """A maintenance window to create. It recurs every week at the same local time (Asia/Shanghai)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MAINTENANCE]})


class CreatedMute(ApiModel):
    """The name of the silence or maintenance window that was created."""

    model_config = example(name="silence-12")

    name: str


@router.post(
    "/silences", summary="Create a silence 新建静默", operation_id="post_silence", status_code=HTTPStatus.CREATED
)
def post_silence(database: Db, caller: Caller, silence: SilenceRequest) -> CreatedMute:
    """Suppress deliveries up to a level until the silence ends. The record and the live stream still show them."""
    if silence.ends_at <= datetime.now(UTC) and silence.world == "actual":
        raise InvalidParameter("The silence has ended already.")
    return _create(database, caller, silence.to_silence())


@router.post(
    "/maintenance",
    summary="Create a maintenance window 新建检修窗口",
    operation_id="post_maintenance",
    status_code=HTTPStatus.CREATED,
)
def post_maintenance(database: Db, caller: Caller, window: MaintenanceRequest) -> CreatedMute:
    """Suppress deliveries up to a level in a window that recurs every week."""
    return _create(database, caller, window.to_maintenance())


@router.put(
    "/silences/{name}",
    summary="Change a silence 修改静默",
    operation_id="put_silence",
    responses=problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED),
)
def put_silence(
    database: Db, caller: Caller, version: Version, name: SilenceName, silence: SilenceRequest
) -> CreatedMute:
    """Change a silence that has not ended. Warnings that it no longer suppresses are delivered within seconds."""
    wanted = silence.to_silence()
    with refusals(), database.write() as connection:
        lock_name(connection, name)
        known = find_mute(connection, name)
        if not isinstance(known, Silence):
            raise NotFound(f"There is no {name} that has not ended.")
        version.check(mute_values(known), mute_values(wanted))
        change_silence(connection, name, wanted, actor=caller.actor)
        caller.require(of_scope(connection, wanted.scope))
    version.tag(mute_values(wanted))
    return CreatedMute(name=name)


@router.delete(
    "/mutes/{name}",
    summary="End a silence or maintenance window 结束静默或检修",
    operation_id="delete_mute",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def delete_mute(database: Db, actor: Actor, name: MuteName) -> None:
    """End it now. Suppressed warnings that are still in force are delivered within seconds."""
    with database.write() as connection:
        try:
            finish_mute(connection, name, actor=actor)
        except NotPossible:
            raise NotFound(f"There is no {name} that has not ended.") from None


def _create(database: Db, caller: Principal, mute: Silence | Maintenance) -> CreatedMute:
    """Create a mute. A bound key mutes only what lies in its reach as a whole."""
    with refusals(), database.write() as connection:
        name = create_mute(connection, mute, actor=caller.actor)
        caller.require(of_scope(connection, mute.scope))
    return CreatedMute(name=name)
