"""Compare thresholds on recorded readings: warnings, leads and false alarms, as set and with other thresholds."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rencheng.backtest.judged_time import JudgedTime
from rencheng.backtest.matching import PROMISE_S, IssuedLevel, Target, claims, match
from rencheng.backtest.replay import NO_WAIT, IssuedMessage, judge_readings
from rencheng.backtest.sites import WORLD
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import DepthThreshold, Site, ThresholdProfile
from rencheng.domain.warning import MessageType
from rencheng.engine.forecast.shipped import street_model

TWICE_WITHIN_S = 600.0
"""Water is measured twice within this time; a single sample is a car's wake. FloodNet's blips last one sample."""

APART_S = 3600.0
"""Water that returns sooner is the same flood, because the street is still closed."""

WHAT_IF = "what if"


class ThresholdScore(NamedTuple):
    """The score of one level.

    Attributes:
        threshold_mm: of the warnings.
        warnings: their number.
        floods: how often the water reached the threshold of the floods.
        foreseen: the floods with a warning before the crossing.
        lead_median_min: of the floods with a warning by the crossing; None without any.
        in_vain: the warnings without a flood.
    """

    threshold_mm: float
    warnings: int
    floods: int
    foreseen: int
    lead_median_min: float | None
    in_vain: int


@dataclass(frozen=True)
class BacktestRun:
    """Recorded readings, evaluated with one set of thresholds."""

    sites: Mapping[str, Site]
    judged: Sequence[IssuedMessage]
    judged_time: JudgedTime

    def issued(self, site_id: str) -> list[IssuedLevel]:
        """Return the levels issued for a site."""
        return [_issued_level(one) for one in self.judged if one.message.site_id == site_id]


def play(sites: Mapping[str, Site], readings: Iterable[WaterReading], wait: timedelta = NO_WAIT) -> BacktestRun:
    """Evaluate readings, in order of sample time, as an exercise with this wait (`Evaluator`)."""
    there = {site_id: replace(site, world=WORLD) for site_id, site in sites.items()}
    judged_time = JudgedTime()
    judged = list(judge_readings(there, readings, model=street_model(), wait=wait, observe=judged_time.note))
    return BacktestRun(there, judged, judged_time)


def what_if(site: Site, depths_mm: Mapping[Level, float]) -> Site:
    """Return the site with other thresholds.

    Raises:
        ValueError: they do not rise from blue to red.
    """
    others = {level: DepthThreshold(depth_mm, WHAT_IF) for level, depth_mm in depths_mm.items()}
    return replace(site, profile=replace(site.profile, thresholds={**site.profile.thresholds, **others}))


def tally(played: BacktestRun, site_id: str, floods: Mapping[Level, Sequence[Target]]) -> dict[Level, ThresholdScore]:
    """Compare the warnings of each level with floods."""
    issued, profile = played.issued(site_id), played.sites[site_id].profile
    found = {}
    for level in WARNING_LEVELS:
        warnings = claims(issued, level)
        matched = match(floods[level], warnings, PROMISE_S)
        leads_s = [lead_s for lead_s in matched.leads_s if lead_s is not None and lead_s >= 0]
        found[level] = ThresholdScore(
            threshold_mm=profile.depth_mm(level),
            warnings=len(warnings),
            floods=len(floods[level]),
            foreseen=sum(lead_s > 0 for lead_s in leads_s),
            lead_median_min=statistics.median(leads_s) / 60 if leads_s else None,
            in_vain=len(matched.false),
        )
    return found


def floods_of(readings: Iterable[WaterReading], site: Site, profile: ThresholdProfile) -> dict[Level, list[Target]]:
    """Return the floods at each threshold of a profile, by any of the site's gauges."""
    samples: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for reading in readings:
        if (
            reading.depth_mm is not None
            and not reading.quality & UNUSABLE
            and reading.device_id in site.depth_gauge_ids
        ):
            samples[reading.device_id, reading.channel].append((reading.time.timestamp(), reading.depth_mm))
    found = {}
    for level in WARNING_LEVELS:
        stands = [span for one in samples.values() for span in _stands(one, profile.depth_mm(level))]
        found[level] = _floods(sorted(stands))
    return found


def _stands(samples: Sequence[tuple[float, float]], threshold_mm: float) -> list[tuple[float, float]]:
    """Return (first, last) sample at or above a threshold, where two follow each other."""
    found: list[tuple[float, float]] = []
    above_at: float | None = None
    for at, depth_mm in samples:
        if depth_mm < threshold_mm:
            above_at = None
            continue
        if above_at is not None and at - above_at <= TWICE_WITHIN_S:
            if found and found[-1][1] == above_at:
                found[-1] = (found[-1][0], at)
            else:
                found.append((above_at, at))
        above_at = at
    return found


def _floods(stands: Iterable[tuple[float, float]]) -> list[Target]:
    floods: list[Target] = []
    for begin, end in stands:
        if floods and begin - floods[-1].ends < APART_S:
            floods[-1] = replace(floods[-1], ends=max(end, floods[-1].ends))
        else:
            dry_until = floods[-1].ends if floods else float("-inf")
            floods.append(
                Target(begins=dry_until, crossed_at=begin, ends=end, name=f"{datetime.fromtimestamp(begin, UTC)}")
            )
    return floods


def _issued_level(one: IssuedMessage) -> IssuedLevel:
    message = one.message
    level = Level.NONE if message.message_type is MessageType.CANCEL else message.level
    return IssuedLevel(one.issued_at.timestamp(), level, message.grounds.probability)
