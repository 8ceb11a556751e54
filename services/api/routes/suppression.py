"""Storm control: what operators mute for a while, and what is told of many sites at once."""

from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from rencheng.domain.level import LevelWord, WarningLevelWord
from rencheng.domain.mute import Maintenance, Silence
from rencheng.domain.notice import NoticeKind
from rencheng.schemas.mute import MaintenanceForm, SilenceForm, Weekday, mute_form
from rencheng.store.access import audit
from rencheng.store.warnings.mutes import add_mute, end_mute, load_mutes
from rencheng.store.warnings.notices import newest_notices
from services.api.deps import Actor, ByWorld, Db, Zone
from services.api.http.errors import InvalidParameter, NotFound, described
from services.api.http.models import ApiModel, example, level_word, local

router = APIRouter(tags=["storm"])
write_router = APIRouter(tags=["storm"])

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
_WHOLE = {"world": "actual", "site_id": None, "region": None, "catchment": None}
_NOTICE: dict[str, Any] = {
    "world": "actual",
    "kind": "group",
    "topic": "region 370102",
    "issued_at": "2026-07-20T16:05:00+08:00",
    "in_force": True,
    "level": "red",
    "urgent": True,
    "site_ids": ["underpass-3", "road-7"],
    "text_zh": "区域370102共2处积水预警生效：红色1处、蓝色1处，其中1处不单独播报。",
    "text_en": "2 ponding warnings in force in region 370102: 1 red, 1 blue; 1 of them are told here alone.",
}

Name = Annotated[str, Path(pattern="^(silence|maintenance)-[0-9]{1,18}$", description="Of a silence or a window.")]


class NewSilence(SilenceForm):
    """A silence as it is given. What rises above its level is heard all the same."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SILENCE]})


class NewMaintenance(MaintenanceForm):
    """A maintenance window that comes round every week, on the clocks of Asia/Shanghai."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MAINTENANCE]})


class Created(ApiModel):
    """What was made, under its name."""

    model_config = example(name="silence-12")

    name: str


class _Mute(ApiModel):
    name: str
    made_by: str
    holds: bool
    """Whether it mutes now. In an exercise, that follows its own time and is not said here."""
    world: str
    site_id: str | None
    region: str | None
    catchment: str | None
    up_to: WarningLevelWord
    reason: str


class SilenceInForce(_Mute):
    """A silence that has not ended."""

    model_config = example(**_WHOLE | _SILENCE, name="silence-12", made_by="key 1f (duty)", holds=True)

    begins_at: datetime
    ends_at: datetime


class MaintenanceInForce(_Mute):
    """A maintenance window that has not been ended."""

    model_config = example(
        **_WHOLE | _MAINTENANCE, last_day=None, name="maintenance-3", made_by="key 1f (duty)", holds=False
    )

    weekdays: list[Weekday]
    begins: time
    lasts_minutes: int
    first_day: date
    last_day: date | None


class Mutes(ApiModel):
    """What operators mute."""

    model_config = example(
        silences=SilenceInForce.model_config["json_schema_extra"]["examples"],  # type: ignore[index]
        maintenance=MaintenanceInForce.model_config["json_schema_extra"]["examples"],  # type: ignore[index]
    )

    silences: list[SilenceInForce]
    maintenance: list[MaintenanceInForce]


class Notice(ApiModel):
    """A notice of many sites: a group's summary, a silence that ends, or that sites cannot be evaluated."""

    model_config = example(**_NOTICE)

    world: str
    kind: NoticeKind
    topic: str
    issued_at: datetime
    in_force: bool
    level: LevelWord
    urgent: bool
    site_ids: list[str]
    text_zh: str
    text_en: str


class Notices(ApiModel):
    """The newest notice about each thing, the newest first."""

    model_config = example(items=[_NOTICE])

    items: list[Notice]


@router.get("/mutes", summary="Silences and maintenance 静默与检修", operation_id="list_mutes")
def list_mutes(database: Db, zone: Zone) -> Mutes:
    """What operators mute now, or will."""
    now = datetime.now(UTC)
    with database.read() as connection:
        mutes = load_mutes(connection, now)
    shown = [(mute, {"name": mute.name, "made_by": made_by, "holds": mute.is_active(now)}) for mute, made_by in mutes]
    return Mutes(
        silences=[
            SilenceInForce.model_validate(
                mute_form(mute)
                | about
                | {"begins_at": local(mute.begins_at, zone), "ends_at": local(mute.ends_at, zone)}
            )
            for mute, about in shown
            if isinstance(mute, Silence)
        ],
        maintenance=[
            MaintenanceInForce.model_validate(mute_form(mute) | about)
            for mute, about in shown
            if isinstance(mute, Maintenance)
        ],
    )


@router.get("/notices", summary="Notices of many sites 汇总通告", operation_id="list_notices")
def list_notices(database: Db, zone: Zone, world: ByWorld = None) -> Notices:
    """Summaries of regions and catchments, silences that end, sites that cannot be evaluated."""
    with database.read() as connection:
        rows = newest_notices(connection, world)
    return Notices(
        items=[
            Notice.model_validate(
                dict(row) | {"level": level_word(row["level"]), "issued_at": local(row["issued_at"], zone)}
            )
            for row in rows
        ]
    )


@write_router.post("/silences", summary="Silence 静默", operation_id="post_silence", status_code=HTTPStatus.CREATED)
def post_silence(database: Db, actor: Actor, silence: NewSilence) -> Created:
    """Nothing up to a level is delivered until it ends. It is recorded, and on the live stream, all the same."""
    if silence.ends_at <= datetime.now(UTC) and silence.world == "actual":
        raise InvalidParameter("The silence has ended already.")
    return _made(database, actor, silence.to_silence())


@write_router.post(
    "/maintenance", summary="Maintenance 检修", operation_id="post_maintenance", status_code=HTTPStatus.CREATED
)
def post_maintenance(database: Db, actor: Actor, window: NewMaintenance) -> Created:
    """A window that comes round every week, in which nothing up to a level is delivered."""
    return _made(database, actor, window.to_maintenance())


@write_router.delete(
    "/mutes/{name}",
    summary="End a silence or maintenance 结束静默",
    operation_id="delete_mute",
    status_code=HTTPStatus.NO_CONTENT,
    responses=described(HTTPStatus.NOT_FOUND),
)
def delete_mute(database: Db, actor: Actor, name: Name) -> None:
    """End it now. What it kept back and still stands is delivered within seconds."""
    with database.write() as connection:
        if not end_mute(connection, name):
            raise NotFound(f"There is no {name} that has not ended.")
        audit.record(connection, actor, "mute.end", name, {})


def _made(database: Db, actor: str, mute: Silence | Maintenance) -> Created:
    with database.write() as connection:
        name = add_mute(connection, mute, actor)
        said = {key: str(value) for key, value in mute_form(mute).items() if value is not None}
        audit.record(connection, actor, "mute.make", name, said)
    return Created(name=name)
