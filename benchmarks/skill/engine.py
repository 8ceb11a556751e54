"""The engine as a method to be scored: recorded samples through the very step that runs live."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import Site, SiteType, Threshold, ThresholdProfile, default_profile
from rencheng.domain.warning import MessageType
from services.alerts.backtest.matching import Said
from services.alerts.backtest.places import REGION, WORLD
from services.alerts.backtest.replay import Judged, judge
from services.alerts.backtest.rows import Row
from services.alerts.engine.model import Model

HORIZON_S = default_profile(SiteType.ROAD).horizon_s
"""The shipped setting."""

Thresholds = tuple[float, float, float, float]
"""Blue, yellow, orange, red, in mm."""


def rows_of(samples: Mapping[str, Sequence[tuple[float, float | None]]]) -> list[Row]:
    """Samples of many devices as the readings of a back-test, in order of event time."""
    rows = (
        Row(datetime.fromtimestamp(at, UTC), name, value) for name, series in samples.items() for at, value in series
    )
    return sorted(rows, key=itemgetter(0, 1))


def sites_of(
    thresholds: Mapping[str, Thresholds], site_type: SiteType, *, horizon_s: float = HORIZON_S
) -> dict[str, Site]:
    """A site for each device, under the device's name, with its own thresholds."""
    return {name: _site(name, depths_mm, site_type, horizon_s) for name, depths_mm in thresholds.items()}


def run(sites: Mapping[str, Site], rows: Iterable[Row], model: Model | None = None) -> dict[str, list[Said]]:
    """What the engine says of each site."""
    said: dict[str, list[Said]] = {site_id: [] for site_id in sites}
    for judged in judge(sites, rows, model=model):
        said[judged.message.site_id].append(as_said(judged))
    return said


def as_said(judged: Judged) -> Said:
    """A message as the scoring sees it."""
    message = judged.message
    level = Level.NONE if message.message_type is MessageType.CANCEL else message.level
    return Said(judged.issued_at.timestamp(), level, message.grounds.probability)


def _site(name: str, depths_mm: Thresholds, site_type: SiteType, horizon_s: float) -> Site:
    levels = zip(WARNING_LEVELS, depths_mm, strict=True)
    profile = ThresholdProfile({level: Threshold(depth_mm, "benchmark") for level, depth_mm in levels})
    return Site(
        site_id=name,
        name_zh=name,
        name_en=name,
        site_type=site_type,
        region=REGION,
        latitude=0.0,
        longitude=0.0,
        profile=replace(profile, horizon_s=horizon_s),
        world=WORLD,
        device_ids=(name,),
    )
