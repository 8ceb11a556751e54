"""The engine as a method to be scored: recorded samples through the very step that runs live."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf
from operator import itemgetter
from typing import NamedTuple
from unittest.mock import patch

from rencheng.backtest.input_rows import Row
from rencheng.backtest.matching import IssuedLevel
from rencheng.backtest.replay import IssuedMessage, IssuedNotice, judge_and_notice
from rencheng.backtest.sites import REGION, WORLD
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile
from rencheng.domain.warning import MessageType, SiteNoticeKind
from rencheng.engine import evaluator, site_policy
from rencheng.engine.forecast.model import Model
from rencheng.engine.state import SiteState
from rencheng.engine.traits import GaugeTraits

DOUBT_KINDS = (SiteNoticeKind.DOUBTFUL, SiteNoticeKind.DOUBT_SETTLED)

Thresholds = tuple[float, float, float, float]
"""Blue, yellow, orange, red, in mm."""


class DoubtSpan(NamedTuple):
    """A notice of doubt: when it was issued, when the next one replaced or settled it, and its level."""

    begins: float
    ends: float
    level: Level


class Answer(NamedTuple):
    """The engine's warnings at each site, the faults of its gauges, and its notices of doubt."""

    issued: dict[str, list[IssuedLevel]]
    faults: dict[str, set[str]]
    doubts: dict[str, list[DoubtSpan]]


def rows_of(samples: Mapping[str, Sequence[tuple[float, float | None]]]) -> list[Row]:
    """Samples of many devices as the readings of a back-test, in order of event time."""
    rows = (
        Row(datetime.fromtimestamp(at, UTC), name, value) for name, series in samples.items() for at, value in series
    )
    return sorted(rows, key=itemgetter(0, 1))


def sites_of(thresholds: Mapping[str, Thresholds], site_type: SiteType, gauges: Sequence[str] = ()) -> dict[str, Site]:
    """A site for each device, under the device's name, with its own thresholds; rain gauges serve all."""
    return {name: _site(name, depths_mm, site_type, tuple(gauges)) for name, depths_mm in thresholds.items()}


def run_each_by(models: Mapping[str, Model], sites: Mapping[str, Site], rows: Iterable[Row]) -> Answer:
    """What the engine says where each site is judged by a model of its own, in one city: neighbours are seen."""

    def by_its_own(site: Site, _model: Model | None, *traits: Mapping[str, GaugeTraits]) -> site_policy.SitePolicy:
        return site_policy.policy_of(site, models[site.site_id], *traits)

    with patch.object(evaluator, "policy_of", by_its_own):
        return run(sites, rows)


def run(sites: Mapping[str, Site], rows: Iterable[Row], model: Model | None = None, rain: Iterable[Row] = ()) -> Answer:
    """Return the engine's answer for each site."""
    issued: dict[str, list[IssuedLevel]] = {site_id: [] for site_id in sites}
    faults: dict[str, set[str]] = {site_id: set() for site_id in sites}
    doubts: dict[str, list[DoubtSpan]] = {site_id: [] for site_id in sites}

    def observe(site_id: str, state: SiteState, _at: datetime) -> None:
        for gauge in state.gauges.values():
            if gauge.health.fault is not None:
                faults[site_id].add(gauge.health.fault.value)

    for one in judge_and_notice(sites, rows, rain, model=model, observe=observe):
        if isinstance(one, IssuedMessage):
            issued[one.message.site_id].append(issued_level(one))
        elif one.notice.kind in DOUBT_KINDS:
            _note_doubt(doubts[one.notice.site_id], one)
    return Answer(issued, faults, doubts)


def _note_doubt(doubts: list[DoubtSpan], one: IssuedNotice) -> None:
    at = one.issued_at.timestamp()
    if doubts and doubts[-1].ends == inf:
        doubts[-1] = doubts[-1]._replace(ends=at)
    if one.notice.kind is SiteNoticeKind.DOUBTFUL:
        doubts.append(DoubtSpan(at, inf, one.notice.level))


@contextmanager
def raising_at(probability: float) -> Iterator[None]:
    """Another probability than the shipped one raises a level on a road: one point of the curve."""
    with patch.object(site_policy, "QUIET_RAISES_AT", probability):
        yield


def issued_level(judged: IssuedMessage) -> IssuedLevel:
    """A message as the scoring sees it."""
    message = judged.message
    level = Level.NONE if message.message_type is MessageType.CANCEL else message.level
    return IssuedLevel(judged.issued_at.timestamp(), level, message.grounds.probability)


def _site(name: str, depths_mm: Thresholds, site_type: SiteType, gauges: tuple[str, ...]) -> Site:
    levels = zip(WARNING_LEVELS, depths_mm, strict=True)
    return Site(
        site_id=name,
        name_zh=name,
        name_en=name,
        site_type=site_type,
        region=REGION,
        latitude=0.0,
        longitude=0.0,
        profile=ThresholdProfile({level: DepthThreshold(depth_mm, "benchmark") for level, depth_mm in levels}),
        world=WORLD,
        depth_gauge_ids=(name,),
        rain_gauge_ids=gauges,
    )
