"""Weather: the rain signals in force."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import LevelWord
from rencheng.domain.reach import Reach
from rencheng.domain.region import code_includes
from rencheng.domain.weather import RainSignal as Signal
from rencheng.domain.weather import in_force
from rencheng.store.weather import relevant_signals
from services.api.auth.guard import Caller
from services.api.deps import Db, OneWorld, Zone
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
    """The rain signals in force, highest level first."""

    model_config = example(items=[_SIGNAL])

    items: list[RainSignal]


@router.get("/signals", summary="List rain signals in force 生效中的暴雨预警信号", operation_id="list_rain_signals")
def list_rain_signals(database: Db, caller: Caller, zone: Zone, world: OneWorld) -> RainSignals:
    """Return the rain signals in force; in an exercise, by the time of its newest signal."""
    now = datetime.now(UTC)
    with database.read() as connection:
        signals = [each for each in relevant_signals(connection, now) if each.world == world]
    at = now if world == ACTUAL else max((each.sent_at for each in signals), default=now)
    signals = [each for each in signals if _concerns(each, caller.reach)]
    current = sorted(in_force(signals, at), key=lambda each: (-each.level, each.sent_at))
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
        ]
    )


def _concerns(signal: Signal, reach: Reach) -> bool:
    """Return whether a signal is for a region of the reach, or for one that includes it."""
    return any(
        reach.includes_region(code) or any(code_includes(code, region) for region in reach.regions)
        for code in signal.regions
    )
