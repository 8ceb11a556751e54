"""Weather: accept rain signals, forecasts and nowcasts, and withdraw signals and forecasts."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query
from pydantic import ConfigDict, Field

from rencheng.cap.rain_signals import decode_document, read_signals
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import LevelWord
from rencheng.domain.topic import IDENTIFIER
from rencheng.operations.weather import (
    accept_forecasts,
    accept_nowcasts,
    accept_signals,
    sites_of_nowcast,
    withdraw_forecasts,
    withdraw_signal,
)
from rencheng.operations.worlds import require_worlds
from rencheng.schemas import fields
from rencheng.schemas.forecast import ForecastForm
from rencheng.schemas.nowcast import NowcastForm
from rencheng.store.places import NOWHERE, Place
from rencheng.store.weather import known_regions, regions_of
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import ByRegion, Db, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, example, level_word, local
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/weather", tags=["weather"])

SIGNAL_BYTES_MAX = 1_000_000
"""The largest rain signal. Source: a national signal has about 5 kB; one for all districts of China about 500 kB."""

FORECASTS_BYTES_MAX = 2**21
"""The largest list of forecasts: 5,000 of 200 to 400 bytes."""

NOWCASTS_BYTES_MAX = 2**23
"""The largest nowcast: 20 members of 3 amounts for 5,000 sites, or as many cells."""

_NOWCAST: dict[str, Any] = {
    "source": "radar",
    "issued_at": "2026-07-20T15:30:00+08:00",
    "minutes": [10, 20, 30],
    "sites": [{"site_id": "jn-jingshi-underpass", "members": [[2.0, 6.5, 14.0], [0.5, 1.0, 3.5]]}],
}

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


SignalName = Annotated[fields.Text, Path(description="The identifier of the message, as its sender wrote it.")]
OfSource = Annotated[fields.ShortText, Query(description="The source that the forecasts name.")]

UNKNOWN_SHOWN_MAX = 100


class AcceptedPart(ApiModel):
    """One signal of a message: its colour and its regions."""

    level: LevelWord
    regions: list[str]
    effective_at: datetime
    expires_at: datetime
    ends: bool
    """Whether it only ends earlier messages."""


_PART: dict[str, Any] = {
    "level": "orange",
    "regions": ["370100"],
    "effective_at": "2026-07-20T15:30:00+08:00",
    "expires_at": "2026-07-20T18:30:00+08:00",
    "ends": False,
}


class AcceptedSignal(ApiModel):
    """A rain signal message that was accepted, with one part for each colour and area."""

    model_config = example(
        identifier="37010041600000_20260720153000",
        message_type="Alert",
        level="orange",
        regions=["370100"],
        new=True,
        parts=[_PART],
        unknown_regions=[],
    )

    identifier: str
    message_type: Literal["Alert", "Update", "Cancel"]
    level: LevelWord
    """The highest level of its parts."""
    regions: list[str]
    new: bool
    """false: the same message was accepted before."""
    parts: list[AcceptedPart]
    unknown_regions: list[str]
    """Codes in which no region is registered; the signal has no effect there. At most 100 are listed."""


class WithdrawnForecasts(ApiModel):
    """The number of forecasts that were withdrawn."""

    model_config = example(withdrawn=24)

    withdrawn: int


class RainForecast(ForecastForm):
    """The rain expected in a region during a span of time. A newer issue replaces an older one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FORECAST]})


class RainNowcast(NowcastForm):
    """The rain of the next minutes at sites, or on a grid. A newer issue of a source replaces an older one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NOWCAST]})


class AcceptedNowcasts(ApiModel):
    """The numbers of sites that a nowcast is for, and of those for which it is new."""

    model_config = example(sites=1, new=1)

    sites: int
    new: int


class AcceptedForecasts(ApiModel):
    """The numbers of forecasts accepted and of those that are new."""

    model_config = example(accepted=24, new=24)

    accepted: int
    new: int


@router.post(
    "/signals",
    summary="Submit a rain signal 接入暴雨预警信号",
    operation_id="post_rain_signal",
    max_body_size=SIGNAL_BYTES_MAX,
)
def post_rain_signal(
    database: Db,
    caller: Caller,
    zone: Zone,
    document: Annotated[bytes, Body(media_type="application/xml", max_length=SIGNAL_BYTES_MAX)],
    world: ForWorld = ACTUAL,
) -> AcceptedSignal:
    """Accept one message, as CAP 1.2 or in the national form. Repeating a request changes nothing."""
    with refusals():
        xml = decode_document(document)
        signals = read_signals(xml, world=world, received_at=datetime.now(UTC))
        codes = {code for each in signals for code in each.regions}
        with database.write() as connection:
            require_worlds(connection, [world])
            ended = regions_of(connection, signals[0].references, world)
            caller.require(Place(region, world) for region in codes | ended)
            new = accept_signals(connection, signals, xml, actor=caller.actor)
            _, unknown = known_regions(connection, sorted(codes))
    return AcceptedSignal(
        identifier=signals[0].identifier,
        message_type=signals[0].message_type.value,
        level=level_word(max(each.level for each in signals)),
        regions=sorted(codes),
        new=new,
        parts=[
            AcceptedPart(
                level=level_word(each.level),
                regions=list(each.regions),
                effective_at=local(each.effective_at, zone),
                expires_at=local(each.expires_at, zone),
                ends=each.ends,
            )
            for each in signals
        ],
        unknown_regions=list(unknown[:UNKNOWN_SHOWN_MAX]),
    )


@router.delete(
    "/signals/{identifier}",
    summary="Withdraw a rain signal 撤回暴雨预警信号",
    operation_id="delete_rain_signal",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def delete_rain_signal(database: Db, caller: Caller, identifier: SignalName, world: ForWorld = ACTUAL) -> None:
    """Withdraw a message that was accepted in error, with all its parts. It does not count if it is repeated."""
    with database.write() as connection:
        try:
            withdraw_signal(connection, identifier, world, actor=caller.actor)
        except NotPossible as error:
            raise NotFound(f"{error}.") from None
        caller.require(Place(region, world) for region in regions_of(connection, [identifier], world))


@router.post(
    "/forecasts",
    summary="Submit rain forecasts 接入降雨预报",
    operation_id="post_rain_forecasts",
    max_body_size=FORECASTS_BYTES_MAX,
)
def post_rain_forecasts(
    database: Db, caller: Caller, forecasts: Annotated[list[RainForecast], Field(min_length=1, max_length=5000)]
) -> AcceptedForecasts:
    """Accept rain amounts by region and span of time. Repeating a request changes nothing."""
    with refusals(), database.write() as connection:
        require_worlds(connection, [each.world for each in forecasts])
        caller.require(Place(each.region, each.world) for each in forecasts)
        new = accept_forecasts(connection, [each.to_forecast() for each in forecasts], actor=caller.actor)
    return AcceptedForecasts(accepted=len(forecasts), new=new)


@router.post(
    "/nowcasts",
    summary="Submit a nowcast of rain 接入短临降雨预报",
    operation_id="post_rain_nowcast",
    max_body_size=NOWCASTS_BYTES_MAX,
)
def post_rain_nowcast(database: Db, caller: Caller, nowcast: RainNowcast) -> AcceptedNowcasts:
    """Accept the rain of the next minutes by site or as a grid. Repeating a request changes nothing.

    A grid concerns the sites on it that the key may reach.
    """
    with refusals(), database.write() as connection:
        require_worlds(connection, [nowcast.world])
        found = sites_of_nowcast(connection, [each.site_id for each in nowcast.sites], nowcast.world)
        if nowcast.sites:
            caller.require(Place(site.region, site.world) for site in found.values())
        near = {name: site for name, site in found.items() if caller.reaches([Place(site.region, site.world)])}
        at_sites = list(nowcast.at_sites(near))
        new = accept_nowcasts(connection, at_sites, actor=caller.actor)
    return AcceptedNowcasts(sites=len(at_sites), new=new)


@router.delete("/forecasts", summary="Withdraw rain forecasts 撤回降雨预报", operation_id="delete_rain_forecasts")
def delete_rain_forecasts(
    database: Db, caller: Caller, source: OfSource, region: ByRegion = None, world: ForWorld = ACTUAL
) -> WithdrawnForecasts:
    """Withdraw the forecasts of a source. A later issue counts again."""
    caller.require([Place(region or NOWHERE, world)])
    with database.write() as connection:
        regions = withdraw_forecasts(connection, world, source, region, actor=caller.actor)
    return WithdrawnForecasts(withdrawn=len(regions))
