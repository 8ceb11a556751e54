"""Weather: the rain signals in force, and the forecasts for the hours to come."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import LevelWord
from rencheng.domain.reach import Reach
from rencheng.domain.region import code_includes
from rencheng.domain.weather import RainSignal as Signal
from rencheng.domain.weather import in_force
from rencheng.store.relevant_weather import Wanted, relevant_forecasts, relevant_signals
from services.api.auth.guard import Caller
from services.api.deps import ByRegion, Db, OneWorld, Zone
from services.api.http.models import ApiModel, example, level_word, local

router = APIRouter(prefix="/weather", tags=["weather"])

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
    "world": "actual",
}

FORECASTS_SHOWN_MAX = 1000


class RainSignal(ApiModel):
    """A rain signal 暴雨预警信号 of the meteorological authority."""

    model_config = example(**_SIGNAL)

    identifier: str
    level: LevelWord
    regions: list[str]
    headline: str
    sender: str
    sent_at: datetime
    expires_at: datetime
    world: str


class RainSignals(ApiModel):
    """The rain signals in force, highest level first. A message with several colours or areas has several items."""

    model_config = example(items=[_SIGNAL], unreadable=[])

    items: list[RainSignal]
    unreadable: list[str]
    """Stored messages that cannot be read and do not count. Withdraw them."""


class ForecastInForce(ApiModel):
    """The rain that a source expects in a region during a span of time."""

    model_config = example(**_FORECAST)

    region: str
    source: str
    issued_at: datetime
    valid_from: datetime
    valid_to: datetime
    rain_mm: float
    world: str


class RainForecasts(ApiModel):
    """The forecasts that may raise the readiness, the newest issue first."""

    model_config = example(items=[_FORECAST], unreadable=[], truncated=False)

    items: list[ForecastInForce]
    unreadable: list[str]
    """Stored forecasts that cannot be read and do not count. Withdraw those of their source."""
    truncated: bool
    """Whether there are more: ask by region."""


@router.get("/signals", summary="List rain signals in force 生效中的暴雨预警信号", operation_id="list_rain_signals")
def list_rain_signals(database: Db, caller: Caller, zone: Zone, world: OneWorld) -> RainSignals:
    """Return the rain signals in force; in an exercise, by the time of its newest signal."""
    now = datetime.now(UTC)
    unreadable: list[str] = []
    with database.read() as connection:
        signals = relevant_signals(connection, now, world=world, on_invalid=lambda name, _: unreadable.append(name))
    at = now if world == ACTUAL else max((each.sent_at for each in signals), default=now)
    shown = [each for each in in_force(signals, at) if _concerns(each, caller.reach)]
    current = sorted(shown, key=lambda each: (-each.level, each.sent_at, each.identifier, each.part))
    return RainSignals(
        items=[
            RainSignal(
                identifier=each.identifier,
                level=level_word(each.level),
                regions=list(each.regions),
                headline=each.headline,
                sender=each.sender,
                sent_at=local(each.sent_at, zone),
                expires_at=local(each.expires_at, zone),
                world=each.world,
            )
            for each in current
        ],
        unreadable=unreadable if caller.reach.is_everywhere else [],
    )


@router.get("/forecasts", summary="List rain forecasts 降雨预报列表", operation_id="list_rain_forecasts")
def list_rain_forecasts(
    database: Db, caller: Caller, zone: Zone, world: OneWorld, region: ByRegion = None
) -> RainForecasts:
    """Return the forecasts that may raise the readiness of sites now; of an exercise, all."""
    now = datetime.now(UTC)
    unreadable: list[str] = []
    with database.read() as connection:
        wanted = Wanted(frozenset({world}), frozenset({region})) if region else None
        found = relevant_forecasts(
            connection, now, world=world, wanted=wanted, on_invalid=lambda name, _: unreadable.append(name)
        )
    found = tuple(each for each in reversed(found) if _is_near(each.region, caller.reach))
    shown = found[:FORECASTS_SHOWN_MAX]
    return RainForecasts(
        items=[
            ForecastInForce(
                region=each.region,
                source=each.source,
                issued_at=local(each.issued_at, zone),
                valid_from=local(each.valid_from, zone),
                valid_to=local(each.valid_to, zone),
                rain_mm=each.rain_mm,
                world=each.world,
            )
            for each in shown
        ],
        unreadable=unreadable[:FORECASTS_SHOWN_MAX] if caller.reach.is_everywhere else [],
        truncated=len(found) > len(shown),
    )


def _concerns(signal: Signal, reach: Reach) -> bool:
    """Return whether a signal is for a region of the reach, or for one that includes it."""
    return any(_is_near(code, reach) for code in signal.regions)


def _is_near(code: str, reach: Reach) -> bool:
    return reach.includes_region(code) or any(code_includes(code, region) for region in reach.regions)
