"""The risk of a site: hazard x exposure x vulnerability / capacity, each the weighted average of its indicators.

An indicator is from 0 to 1. One that is missing is in no average, and is named. A factor without any indicator is
missing, and so is the score. All weights and scales are proposals; they rank sites and are no probability.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rencheng.domain.site import SiteType

WARNINGS_MANY = 6
"""Warnings of yellow or above in a year at which the hazard is full. Proposal: one a month of the flood season."""

CAPACITY_MIN = 0.1
"""The least capacity that a score is divided by, so that a site without any stays comparable. Proposal."""

DATA_MIN = 0.95
"""The least share of judged hours. Source: the uptime that the plan demands."""

EXPOSURES: Mapping[SiteType, float] = {
    SiteType.UNDERPASS: 1.0,
    SiteType.TUNNEL: 1.0,
    SiteType.METRO_ENTRANCE: 1.0,
    SiteType.UNDERGROUND_CAR_PARK: 1.0,
    SiteType.LOW_LYING_COMMUNITY: 0.8,
    SiteType.ROAD: 0.5,
    SiteType.CHARGING_STATION: 0.5,
    SiteType.CHANNEL: 0.3,
}
"""Exposure by type: full where people drown. Proposal; traffic and residents are not in the register."""


class Factor(StrEnum):
    """A factor of the score."""

    HAZARD = "hazard"
    EXPOSURE = "exposure"
    VULNERABILITY = "vulnerability"
    CAPACITY = "capacity"


class FindingKind(StrEnum):
    """What data says about a site that someone should mend: a proposed hidden danger."""

    NOT_WATCHED = "not_watched"
    """无监测: no depth gauge is bound to it."""
    DATA_LOST = "data_lost"
    """监测数据缺失: fewer hours were judged than the plan demands."""
    CLOSED_LATE = "closed_late"
    """封闭晚于积水: a closing came after the water."""
    NO_PLAN = "no_plan"
    """多次预警无处置: warnings of yellow or above led to no tasks."""
    PUMP_FAILED = "pump_failed"
    """水泵故障: a pump is reported as failed."""


@dataclass(frozen=True, slots=True)
class SiteRecordOfYear:
    """What is on record about a site.

    Attributes:
        closing_time_s: measured in a drill; None if it was not measured.
        horizon_s: how far ahead its warnings look.
        red_mm: the depth of red.
        gauges, pumps, pumps_failed: bound depth gauges and pumps; pumps that are reported as failed now.
        warnings, without_tasks: those of yellow or above in the year; of these, those without an incident.
        deepest_mm: the deepest usable depth of the year; None without data.
        judged: the share of the hours of the last 30 days with a usable depth; None if it has no hours.
        in_time: closings of the year, each whether it came before the water; None if that is not on record.
    """

    site_id: str
    name_zh: str
    name_en: str
    site_type: SiteType
    region: str
    closing_time_s: float | None
    horizon_s: float
    red_mm: float
    gauges: int
    pumps: int
    pumps_failed: int
    warnings: int
    without_tasks: int
    deepest_mm: float | None
    judged: float | None
    in_time: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator from 0 to 1; None is missing."""

    name: str
    factor: Factor
    value: float | None
    weight: float
    source: str


@dataclass(frozen=True, slots=True)
class SiteRisk:
    """The risk of a site. The score is from 0; None if a factor is missing."""

    site: SiteRecordOfYear
    indicators: tuple[Indicator, ...]
    factors: Mapping[Factor, float | None]
    score: float | None
    missing: tuple[str, ...]
    findings: tuple[FindingKind, ...]


def assess(site: SiteRecordOfYear) -> SiteRisk:
    """Return the risk of a site."""
    indicators = _indicators(site)
    factors = {factor: _average(each for each in indicators if each.factor is factor) for factor in Factor}
    hazard, exposure, vulnerability, capacity = factors.values()
    score = None
    if hazard is not None and exposure is not None and vulnerability is not None and capacity is not None:
        score = hazard * exposure * vulnerability / max(capacity, CAPACITY_MIN)
    missing = tuple(each.name for each in indicators if each.value is None)
    return SiteRisk(site, indicators, factors, score, missing, _findings(site))


def ranked(sites: Iterable[SiteRecordOfYear]) -> list[SiteRisk]:
    """Return the risks, the highest score first; those without a score come last."""
    return sorted(map(assess, sites), key=lambda each: (each.score is None, -(each.score or 0.0), each.site.site_id))


def _indicators(site: SiteRecordOfYear) -> tuple[Indicator, ...]:
    closings = [each for each in site.in_time if each is not None]
    in_time = sum(closings) / len(closings) if closings else None
    closing = None if site.closing_time_s is None else min(site.closing_time_s / site.horizon_s, 1.0)
    deepest = None if site.deepest_mm is None else min(max(site.deepest_mm, 0.0) / site.red_mm, 1.0)
    working = max(site.pumps - site.pumps_failed, 0)
    return (
        Indicator("warnings", Factor.HAZARD, min(site.warnings / WARNINGS_MANY, 1.0), 1.0, "warnings"),
        Indicator("deepest", Factor.HAZARD, deepest, 1.0, "waterlogging_1h"),
        Indicator("site_type", Factor.EXPOSURE, EXPOSURES[site.site_type], 1.0, "sites"),
        Indicator("gauges", Factor.VULNERABILITY, 1 / max(site.gauges, 1), 1.0, "site_sensors, devices"),
        Indicator("pumps", Factor.VULNERABILITY, 1 / (1 + working), 1.0, "site_sensors, pump_reports"),
        Indicator("closing_time", Factor.VULNERABILITY, closing, 1.0, "sites"),
        Indicator("judged_time", Factor.CAPACITY, site.judged, 1.0, "waterlogging_1h"),
        Indicator("closed_in_time", Factor.CAPACITY, in_time, 1.0, "event_reports"),
    )


def _average(indicators: Iterable[Indicator]) -> float | None:
    known = [(each.value, each.weight) for each in indicators if each.value is not None]
    weights = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / weights if weights else None


def _findings(site: SiteRecordOfYear) -> tuple[FindingKind, ...]:
    found = {
        FindingKind.NOT_WATCHED: site.gauges == 0,
        FindingKind.DATA_LOST: site.gauges > 0 and site.judged is not None and site.judged < DATA_MIN,
        FindingKind.CLOSED_LATE: 0.0 in site.in_time,
        FindingKind.NO_PLAN: site.without_tasks > 0,
        FindingKind.PUMP_FAILED: site.pumps_failed > 0,
    }
    return tuple(kind for kind, is_so in found.items() if is_so)
