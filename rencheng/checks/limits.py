"""The limits of each kind of gauge, and the TOML file by which an operator changes them (`[street.gap_s]`, ...)."""

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
    """The limits of one kind of gauge: of a sample by itself, and of a series."""

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
        "rain_max_mm": "proposal: one and a half times the worst hour on record (201.9 mm, Zhengzhou 2021)",
        "tilt_max_deg": "FloodNet's sensor documentation: from there on a sensor 2.7 m up is wrong by 42 mm",
    },
)

GAUGES: Mapping[str, GaugeLimits] = {
    "street": GaugeLimits(_SAMPLE, STREET_SERIES),
    "channel": GaugeLimits(_SAMPLE, CHANNEL_SERIES),
}
"""`street`: above a street, dry at rest. `channel`: above permanent water."""

DEFAULT = "street"
"""The kind whose limits apply to a gauge of an unknown kind."""

_Limits = TypeVar("_Limits", SampleLimits, SeriesLimits)


def of_kind(limits: Mapping[str, GaugeLimits], gauge: str) -> GaugeLimits:
    """Return the limits of a kind of gauge, or those of the default kind if it has none."""
    return limits.get(gauge) or limits[DEFAULT]


def read_limits(text: str) -> dict[str, GaugeLimits]:
    """Return the shipped limits with an operator's changes. A new kind begins with the limits of `street`.

    Raises:
        Misconfigured: the message names the kind, the limit and the error.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"the gauge limits are not TOML: {error}") from None
    limits = dict(GAUGES)
    for kind, changes in tables.items():
        if not isinstance(changes, dict):
            raise Misconfigured(f"{kind}: it must be a table, such as [{kind}.gap_s]")
        known = of_kind(limits, kind)
        unknown = set(changes) - _names(known.sample) - _names(known.series)
        if unknown:
            raise Misconfigured(f"{kind}.{min(unknown)}: unknown limit")
        try:
            limits[kind] = GaugeLimits(_changed(kind, known.sample, changes), _changed(kind, known.series, changes))
        except ValueError as error:
            raise Misconfigured(f"{kind}: {error}") from None
    return limits


def _names(limits: SampleLimits | SeriesLimits) -> set[str]:
    return {one.name for one in fields(limits)} - {"sources"}


def _changed(kind: str, limits: _Limits, changes: Mapping[str, Any]) -> _Limits:
    own = {name: change for name, change in changes.items() if name in _names(limits)}
    for name, change in own.items():
        value, source = (change.get("value"), change.get("source")) if isinstance(change, dict) else (None, None)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(source, str) or not source:
            raise Misconfigured(f"{kind}.{name}: it needs a number as `value` and a text as `source`")
    sources = {**limits.sources, **{name: change["source"] for name, change in own.items()}}
    return replace(limits, sources=sources, **{name: float(change["value"]) for name, change in own.items()})
