"""Weather: rain signals and forecasts handed in by the weather service's feed, and the signals in force."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import ConfigDict, Field

from rencheng.cap.rain_signals import read_signal
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level, LevelWord
from rencheng.domain.topic import IDENTIFIER
from rencheng.domain.weather import in_force
from rencheng.schemas.forecast import ForecastForm
from rencheng.store.registry.devices import add_world
from rencheng.store.weather import relevant_signals, save_forecasts, save_signal
from services.api.deps import Db, Zone
from services.api.http.errors import InvalidParameter
from services.api.http.models import ApiModel, example, level_word, local

router = APIRouter(prefix="/weather", tags=["weather"])
write_router = APIRouter(prefix="/weather", tags=["weather"])

_SIGNAL: dict[str, Any] = {
    "identifier": "37010041600000_20260720153000",
    "level": "orange",
    "regions": ["370100"],
    "headline": "济南市气象台发布暴雨橙色预警",
    "sender": "37010041600000",
    "sent_at": "2026-07-20T15:30:00+08:00",
    "expires_at": "2026-07-20T18:30:00+08:00",
    "world": "actual",
}
_FORECAST: dict[str, Any] = {
    "region": "370102",
    "source": "nowcast",
    "issued_at": "2026-07-20T15:30:00+08:00",
    "valid_from": "2026-07-20T15:30:00+08:00",
    "valid_to": "2026-07-20T16:30:00+08:00",
    "rain_mm": 38.5,
}

World = Annotated[
    str, Query(pattern=f"^{IDENTIFIER.pattern}$", description="Where it counts; `actual` takes in only what is Actual.")
]


class Signal(ApiModel):
    """A rain signal 暴雨预警信号 in force, of the meteorological authority."""

    model_config = example(**_SIGNAL)

    identifier: str
    level: LevelWord
    regions: list[str]
    headline: str
    sender: str
    sent_at: datetime
    expires_at: datetime
    world: str


class Signals(ApiModel):
    """The rain signals in force, the gravest first."""

    model_config = example(items=[_SIGNAL])

    items: list[Signal]


class Taken(ApiModel):
    """A message that was taken in."""

    model_config = example(
        identifier="37010041600000_20260720153000", message_type="Alert", level="orange", regions=["370100"], new=True
    )

    identifier: str
    message_type: Literal["Alert", "Update", "Cancel"]
    level: LevelWord
    regions: list[str]
    new: bool
    """Whether it had not been taken in before."""


class Forecast(ForecastForm):
    """How much rain is expected where and when. A newer issue takes the place of an older one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FORECAST]})


class ForecastsTaken(ApiModel):
    """How many forecasts were taken in, and how many of them had not been before."""

    model_config = example(taken=24, new=24)

    taken: int
    new: int


@router.get("/signals", summary="Rain signals in force 生效中的暴雨信号", operation_id="list_rain_signals")
def list_rain_signals(database: Db, zone: Zone, world: World = ACTUAL) -> Signals:
    """What the meteorological authority says now; in an exercise, all that was not ended in it."""
    now = datetime.now(UTC)
    with database.read() as connection:
        signals = [each for each in relevant_signals(connection, now) if each.world == world]
    at = now if world == ACTUAL else max((each.sent_at for each in signals), default=now)
    standing = sorted(in_force(signals, at), key=lambda each: (-each.level, each.sent_at))
    return Signals(
        items=[
            Signal(
                identifier=each.identifier,
                level=level_word(each.level),
                regions=list(each.regions),
                headline=each.headline,
                sender=each.sender,
                sent_at=local(each.sent_at, zone),
                expires_at=local(each.expires_at, zone),
                world=each.world,
            )
            for each in standing
        ]
    )


@write_router.post("/signals", summary="Hand in a rain signal 接入暴雨信号", operation_id="post_rain_signal")
def post_rain_signal(
    database: Db,
    document: Annotated[bytes, Body(media_type="application/xml", max_length=1_000_000)],
    world: World = ACTUAL,
) -> Taken:
    """One message as CAP 1.2 or in the national form. The same message again changes nothing."""
    try:
        xml = document.decode()
        signal = read_signal(xml, world=world)
        with database.write() as connection:
            add_world(connection, world, world)
            new = save_signal(connection, signal, xml)
    except (NotPossible, UnicodeDecodeError) as error:
        raise InvalidParameter(f"{error}.") from None
    return Taken(
        identifier=signal.identifier,
        message_type=signal.message_type.value,
        level=level_word(Level(signal.level)),
        regions=list(signal.regions),
        new=new,
    )


@write_router.post("/forecasts", summary="Hand in forecasts of rain 接入降雨预报", operation_id="post_rain_forecasts")
def post_rain_forecasts(
    database: Db, forecasts: Annotated[list[Forecast], Field(min_length=1, max_length=5000)]
) -> ForecastsTaken:
    """Amounts by region and span of time. The same issue again changes nothing."""
    with database.write() as connection:
        for world in {each.world for each in forecasts}:
            add_world(connection, world, world)
        new = save_forecasts(connection, [each.to_forecast() for each in forecasts])
    return ForecastsTaken(taken=len(forecasts), new=new)
