"""The limits of each kind of gauge, and how an operator changes them: `[street.gap_s]`, `value`, `source`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from rencheng.checks.gauge import SampleLimits
from rencheng.checks.series.limits import CHANNEL as CHANNEL_SERIES
from rencheng.checks.series.limits import STREET as STREET_SERIES
from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class GaugeLimits:
    """By what the readings of one kind of gauge are tested: each alone, and among its neighbours."""

    sample: SampleLimits
    series: SeriesLimits


_QARTOD = "QARTOD water level 2.1, test 4, sensor"
_SAMPLE = SampleLimits(
    depth_min_mm=-500.0,
    depth_max_mm=10_000.0,
    rain_max_mm=300.0,
    tilt_max_deg=10.0,
    sources={
        "depth_min_mm": f"{_QARTOD} minimum",
        "depth_max_mm": f"{_QARTOD} maximum",
        "rain_max_mm": "proposal: half as much again as fell in the worst hour on record (201.9 mm, Zhengzhou 2021)",
        "tilt_max_deg": "FloodNet's sensor documentation: 2.7 m up it errs by 42 mm from there on",
    },
)

GAUGES: Mapping[str, GaugeLimits] = {
    "street": GaugeLimits(_SAMPLE, STREET_SERIES),
    "channel": GaugeLimits(_SAMPLE, CHANNEL_SERIES),
}
"""`street`: above a street, dry at rest. `channel`: above water that is always there."""

DEFAULT = "street"
"""What a gauge is taken for whose kind has no limits of its own."""

_Limits = TypeVar("_Limits", SampleLimits, SeriesLimits)


def of_kind(limits: Mapping[str, GaugeLimits], gauge: str) -> GaugeLimits:
    """The limits of a kind of gauge; of the default one if nobody set any."""
    return limits.get(gauge) or limits[DEFAULT]


def read_limits(text: str) -> dict[str, GaugeLimits]:
    """The shipped limits with an operator's own in their place. A kind that is not shipped begins as `street`.

    Raises:
        Misconfigured: naming the kind and the limit, and what is wrong.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"the gauge limits are not TOML: {error}") from None
    limits = dict(GAUGES)
    for kind, changes in tables.items():
        if not isinstance(changes, dict):
            raise Misconfigured(f"{kind}: a kind of gauge is a table, such as [{kind}.gap_s]")
        known = of_kind(limits, kind)
        unknown = set(changes) - _names(known.sample) - _names(known.series)
        if unknown:
            raise Misconfigured(f"{kind}.{min(unknown)}: there is no such limit")
        try:
            limits[kind] = GaugeLimits(_changed(kind, known.sample, changes), _changed(kind, known.series, changes))
        except ValueError as error:
            raise Misconfigured(f"{kind}: {error}") from None
    return limits


def _names(limits: SampleLimits | SeriesLimits) -> set[str]:
    return {one.name for one in fields(limits)} - {"sources"}


def _changed(kind: str, limits: _Limits, changes: Mapping[str, Any]) -> _Limits:
    mine = {name: change for name, change in changes.items() if name in _names(limits)}
    for name, change in mine.items():
        value, source = (change.get("value"), change.get("source")) if isinstance(change, dict) else (None, None)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(source, str) or not source:
            raise Misconfigured(f"{kind}.{name}: it needs a number as value, and a source that says who says so")
    sources = {**limits.sources, **{name: change["source"] for name, change in mine.items()}}
    return replace(limits, sources=sources, **{name: float(change["value"]) for name, change in mine.items()})
