"""The JSON form of a site's record: keyed by the names of the fields. The form of release 0.1 is still read."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from msgspec import convert, to_builtins

from rencheng.checks.series.step import series_from_json
from rencheng.domain.level import Level

Record = TypeVar("Record")

GAUGE_KEYS = {
    "believed_mm": "accepted_mm",
    "believed_s": "accepted_s",
    "leap": "pending_jump",
    "trust": "health",
    "spell": "event",
    "floods": "past_events",
    "outlook": "forecast",
}
"""Keys of a gauge in release 0.1, and their names now."""

JUMP_FIELDS = ("from_mm", "first_mm", "last_mm", "samples", "jumps", "run_mm", "run", "from_water")
HEALTH_FIELDS = (
    "fault_score",
    "at_s",
    "top_mm",
    "recent_faults",
    "solid_share",
    "fault",
    "half_life_s",
    "faults",
    "fault_s",
    "is_chronic",
)
EVENT_FIELDS = ("began_s", "dry_s", "wet_s", "peak_mm", "peak_s", "fastest_mm_per_min", "samples")
PAST_EVENT_FIELDS = ("began_s", "peak_s", "peak_mm", "fastest_mm_per_min")
FORECAST_FIELDS = ("thresholds", "rise_mm_per_min", "judged_by", "rapid_rises_nearby")
THRESHOLD_FIELDS = ("probability", "within", "eta_s", "earliest_s", "latest_s")
RAIN_FIELDS = ("steps", "raised_s", "armed_s")
PENDING_FIELDS = ("at", "device_id", "channel", "time", "depth_mm", "rain_mm", "quality")
"""Release 0.1 kept each of these as a list, in this order of the fields."""


def from_json(kept: Mapping[str, Any], record: type[Record]) -> Record:
    """Return the record that was kept."""
    named = migrated(kept) if "standing" in kept else kept
    return convert(_with_raised(named), record, str_keys=True)


def _with_raised(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record in which rain raises levels by name. Before release 0.3 it raised blue alone."""
    rain = kept.get("state", {}).get("rain", {})
    if rain.get("raised_s") is None:
        return kept
    raised = {str(Level.BLUE.value): rain["raised_s"]}
    return {**kept, "state": {**kept["state"], "rain": {**rain, "raised": raised}}}


def migrated(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of release 0.1 in the form of today. There, 0 stood for "never"."""
    standing = kept["standing"]
    return {
        "world": kept["world"],
        "state": _state(kept["state"]),
        "open_warning": standing and {"warning_id": standing["warning_id"], "sent": standing["said"]},
        "pending": [_named(PENDING_FIELDS, one) for one in kept.get("waiting", ())],
    }


def _state(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "level": Level.parse(kept["level"]).value,
        "gauges": {name: _gauge(gauge) for name, gauge in kept["gauges"].items()},
        "rain": _rain(kept["rain"]),
        "reached_s": {str(Level.parse(word).value): since_s for word, since_s in kept["reached_s"].items()},
        "receding_s": kept["receding_s"],
        "watermark_s": kept["watermark_s"],
        "last_rapid_rise_s": kept.get("swift_s") or None,
        "lost_since_s": kept["watermark_s"] if kept["is_lost"] else None,
    }


def _gauge(kept: Mapping[str, Any]) -> dict[str, Any]:
    gauge = {GAUGE_KEYS.get(key, key): value for key, value in kept.items()}
    event, forecast = gauge["event"], gauge["forecast"]
    return gauge | {
        "series": to_builtins(series_from_json(gauge["series"])),
        "accepted_s": gauge["accepted_s"] or None,
        "pending_jump": gauge["pending_jump"] and _named(JUMP_FIELDS, gauge["pending_jump"]),
        "health": _health(gauge["health"]),
        "event": event and _named(EVENT_FIELDS, event),
        "past_events": [_named(PAST_EVENT_FIELDS, one) for one in gauge["past_events"]],
        "forecast": forecast and _forecast(forecast),
        "fell_from_mm": gauge["fell_from_mm"] if gauge["fell_s"] else None,
        "fell_s": gauge["fell_s"] or None,
    }


def _health(kept: Sequence[Any]) -> dict[str, Any]:
    health = _named(HEALTH_FIELDS, kept)
    never = {name: health[name] or None for name in ("at_s", "top_mm", "fault_s") if name in health}
    return health | never | {"fault_since_s": health["at_s"] if health["fault"] else None}


def _forecast(kept: Sequence[Any]) -> dict[str, Any]:
    forecast = _named(FORECAST_FIELDS, kept)
    thresholds = [one and _named(THRESHOLD_FIELDS, one) for one in forecast["thresholds"]]
    return forecast | {"thresholds": thresholds}


def _rain(kept: Sequence[Any]) -> dict[str, Any]:
    rain = _named(RAIN_FIELDS, kept)
    return rain | {name: rain[name] or None for name in ("raised_s", "armed_s")}


def _named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Return the values by name; a release before the last had fewer of them."""
    return dict(zip(names, values, strict=False))
