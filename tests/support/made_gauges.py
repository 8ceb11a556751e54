"""Made water and gauges as cities have them: a depth by the minute, and what a gauge of some kind reports of it."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from rencheng.backtest.input_rows import Row
from rencheng.backtest.replay import IssuedMessage, IssuedNotice, judge_and_notice
from rencheng.backtest.sites import REGION, WORLD
from rencheng.domain.level import Level
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.domain.warning import MessageType, SiteNoticeKind
from rencheng.engine.forecast.shipped import street_model

NOON = datetime(2026, 7, 20, 4, tzinfo=UTC)
"""Noon in the city: minute 0."""

Water = Callable[[float], float]
"""The depth in mm at a minute."""

Samples = list[tuple[float, float | None]]
"""(minute, depth in mm); None where the gauge could not measure."""

DROWNING = (SiteType.UNDERPASS, SiteType.TUNNEL, SiteType.METRO_ENTRANCE, SiteType.UNDERGROUND_CAR_PARK)


def along(*points: tuple[float, float]) -> Water:
    """Return water that goes straight from one (minute, depth) to the next, and stands before and after."""

    def depth_mm(minute: float) -> float:
        if minute <= points[0][0]:
            return points[0][1]
        for (begin, low), (end, high) in pairwise(points):
            if minute <= end:
                return low + (high - low) * (minute - begin) / (end - begin)
        return points[-1][1]

    return depth_mm


def burst(depth_mm: float, minutes: float = 0.01, at: float = 60.0, stands: float = 180.0) -> Water:
    """Return water that rises within some minutes, stands, and drains within an hour."""
    return along(
        (at, 0.0), (at + minutes, depth_mm), (at + minutes + stands, depth_mm), (at + minutes + stands + 60, 0.0)
    )


DRY_SAMPLES = 24
"""So many samples of a dry street come before the first hour."""


def every(water: Water, step_min: float, until: float, *, noise_mm: float = 1.0) -> Samples:
    """Return the samples of a gauge that reports at an interval."""
    begin = -DRY_SAMPLES * step_min
    dice = random.Random(f"{step_min} {until}")  # noqa: S311 - seeded noise
    number = int((until - begin) / step_min) + 1
    times = (begin + step_min * count for count in range(number))
    return [(minute, round(water(minute) + dice.gauss(0, noise_mm))) for minute in times]


def on_change(
    water: Water, until: float, *, heartbeat_min: float, changes_mm: float, begin: float = -4320.0
) -> Samples:
    """Return the samples of a gauge that looks every minute and reports a change, or its heartbeat."""
    found: Samples = []
    for count in range(int(until - begin) + 1):
        minute = begin + count
        depth_mm = round(water(minute))
        if not found or abs(depth_mm - (found[-1][1] or 0.0)) >= changes_mm or minute - found[-1][0] >= heartbeat_min:
            found.append((minute, depth_mm))
    return found


def in_steps(samples: Samples, heights_mm: Sequence[float]) -> Samples:
    """Return the samples of a chain of electrodes, or of a float switch: the highest that is wet, or 0."""
    return [(at, max((mm for mm in heights_mm if (depth or 0.0) >= mm), default=0.0)) for at, depth in samples]


def rounded(samples: Samples, resolution_mm: float) -> Samples:
    """Return the samples of a gauge that reports multiples of its resolution."""
    return [(at, None if mm is None else resolution_mm * (mm // resolution_mm)) for at, mm in samples]


def replaced(samples: Samples, begin: float, end: float, depth_mm: float | None) -> Samples:
    """Return the samples with another depth from one minute to before another."""
    return [(at, depth_mm if begin <= at < end else mm) for at, mm in samples]


class Course:
    """What was issued for the site `x`, in order: levels in force, doubts and notices, by minute."""

    def __init__(self, issued: Iterable[IssuedMessage | IssuedNotice]) -> None:
        self.levels: list[tuple[float, Level]] = []
        self.notices: list[tuple[float, SiteNoticeKind, Level]] = []
        for one in issued:
            minute = (one.issued_at - NOON).total_seconds() / 60
            if isinstance(one, IssuedNotice):
                self.notices.append((minute, one.notice.kind, one.notice.level))
            else:
                is_over = one.message.message_type is MessageType.CANCEL
                self.levels.append((minute, Level.NONE if is_over else one.message.level))

    def level(self, at: float) -> Level:
        """Return the level in force at a minute."""
        return next((level for minute, level in reversed(self.levels) if minute <= at), Level.NONE)

    def doubt(self, at: float) -> Level:
        """Return the level of the doubt that is open at a minute."""
        kinds = (SiteNoticeKind.DOUBTFUL, SiteNoticeKind.DOUBT_SETTLED)
        newest = next((one for one in reversed(self.notices) if one[0] <= at and one[1] in kinds), None)
        return newest[2] if newest and newest[1] is SiteNoticeKind.DOUBTFUL else Level.NONE

    def known(self, at: float) -> Level:
        """Return the level that is warned of or doubtful at a minute."""
        return max(self.level(at), self.doubt(at))

    def highest(self, begin: float = -1e9, end: float = 1e9) -> Level:
        """Return the highest level issued between two minutes."""
        return max((level for minute, level in self.levels if begin <= minute <= end), default=Level.NONE)

    def count(self, kind: SiteNoticeKind) -> int:
        """Return the number of notices of a kind."""
        return sum(one is kind for _, one, _ in self.notices)


def made_site(site_type: SiteType, gauges: Iterable[str] = ("x",), *, has_rain: bool = False, name: str = "x") -> Site:
    """Return a site with the defaults of its type."""
    rain = (BoundSensor("rain", Role.RAIN),) if has_rain else ()
    return Site(
        site_id=name,
        name_zh=name,
        name_en=name,
        site_type=site_type,
        region=REGION,
        latitude=0.0,
        longitude=0.0,
        profile=default_profile(site_type),
        world=WORLD,
        sensors=(*map(BoundSensor, gauges), *rain),
    )


def played(site_type: SiteType, samples: Samples | dict[str, Samples]) -> Course:
    """Return what the engine issues for a site of a type with one gauge, or with these."""
    gauges = samples if isinstance(samples, dict) else {"x": samples}
    return site_played(made_site(site_type, gauges), gauges)


def site_played(
    site: Site,
    samples: Samples | dict[str, Samples],
    *,
    rain: Samples = [],  # noqa: B006 - never changed
    others: dict[str, Samples] = {},  # noqa: B006 - never changed
) -> Course:
    """Return what the engine issues for a site, beside roads with one gauge each."""
    gauges = samples if isinstance(samples, dict) else {"x": samples}
    sites = {"x": site} | {name: made_site(SiteType.ROAD, (name,), name=name) for name in others}
    issued = judge_and_notice(sites, _rows(gauges | others), _rows({"rain": rain}), model=street_model())
    return Course(one for one in issued if _site_id(one) == "x")


def second_above(samples: Samples, threshold_mm: float) -> float | None:
    """Return when a second sample in a row is at or above a threshold."""
    for (_, before_mm), (at, mm) in pairwise(samples):
        if before_mm is not None and mm is not None and min(before_mm, mm) >= threshold_mm:
            return at
    return None


def _rows(samples: dict[str, Samples]) -> list[Row]:
    found = (Row(NOON + timedelta(minutes=at), name, mm) for name, series in samples.items() for at, mm in series)
    return sorted(found, key=lambda row: row[:2])


def _site_id(one: IssuedMessage | IssuedNotice) -> str:
    return one.message.site_id if isinstance(one, IssuedMessage) else one.notice.site_id
