"""Weather: accept rain signals and rain forecasts from the weather service's feed."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import ConfigDict, Field

from rencheng.cap.rain_signals import read_signal
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level, LevelWord
from rencheng.domain.topic import IDENTIFIER
from rencheng.operations.weather import accept_forecasts, accept_signal
from rencheng.operations.worlds import require_worlds
from rencheng.schemas.forecast import ForecastForm
from rencheng.store.places import Place
from services.api.auth.guard import Caller
from services.api.deps import Db
from services.api.http.errors import InvalidParameter
from services.api.http.models import ApiModel, example, level_word
from services.api.http.refusals import refusals

router = APIRouter(prefix="/weather", tags=["weather"])

_FORECAST: dict[str, Any] = {
    "region": "370102",
    "source": "nowcast",
    "issued_at": "2026-07-20T15:30:00+08:00",
    "valid_from": "2026-07-20T15:30:00+08:00",
    "valid_to": "2026-07-20T16:30:00+08:00",
    "rain_mm": 38.5,
}

ForWorld = Annotated[
    str,
    Query(
        pattern=f"^{IDENTIFIER.pattern}$",
        description="The world that the signal applies to; `actual` accepts only messages with CAP status Actual.",
    ),
]


class AcceptedSignal(ApiModel):
    """A rain signal message that was accepted."""

    model_config = example(
        identifier="37010041600000_20260720153000", message_type="Alert", level="orange", regions=["370100"], new=True
    )

    identifier: str
    message_type: Literal["Alert", "Update", "Cancel"]
    level: LevelWord
    regions: list[str]
    new: bool
    """false: the same message was accepted before."""


class RainForecast(ForecastForm):
    """The rain expected in a region during a span of time. A newer issue replaces an older one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FORECAST]})


class AcceptedForecasts(ApiModel):
    """The numbers of forecasts accepted and of those that are new."""

    model_config = example(accepted=24, new=24)

    accepted: int
    new: int


@router.post("/signals", summary="Submit a rain signal 接入暴雨预警信号", operation_id="post_rain_signal")
def post_rain_signal(
    database: Db,
    caller: Caller,
    document: Annotated[bytes, Body(media_type="application/xml", max_length=1_000_000)],
    world: ForWorld = ACTUAL,
) -> AcceptedSignal:
    """Accept one message, as CAP 1.2 or in the national form. Repeating a request changes nothing."""
    try:
        xml = document.decode()
        signal = read_signal(xml, world=world)
        with database.write() as connection:
            require_worlds(connection, [world])
            caller.require(Place(region, world) for region in signal.regions)
            new = accept_signal(connection, signal, xml, actor=caller.actor)
    except (NotPossible, UnicodeDecodeError) as error:
        raise InvalidParameter(f"{error}.") from None
    return AcceptedSignal(
        identifier=signal.identifier,
        message_type=signal.message_type.value,
        level=level_word(Level(signal.level)),
        regions=list(signal.regions),
        new=new,
    )


@router.post("/forecasts", summary="Submit rain forecasts 接入降雨预报", operation_id="post_rain_forecasts")
def post_rain_forecasts(
    database: Db, caller: Caller, forecasts: Annotated[list[RainForecast], Field(min_length=1, max_length=5000)]
) -> AcceptedForecasts:
    """Accept rain amounts by region and span of time. Repeating a request changes nothing."""
    with refusals(), database.write() as connection:
        require_worlds(connection, [each.world for each in forecasts])
        caller.require(Place(each.region, each.world) for each in forecasts)
        new = accept_forecasts(connection, [each.to_forecast() for each in forecasts], actor=caller.actor)
    return AcceptedForecasts(accepted=len(forecasts), new=new)
