"""What the engine remembers of a site between two readings, and how that is kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isnan
from typing import Any, NamedTuple

from rencheng.checks.series.step import Series
from rencheng.domain.level import Level
from rencheng.engine.forecast.forecast import Forecast, ThresholdForecast
from rencheng.engine.gauge import GaugeState
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.sensor_health import Fault, Health
from rencheng.engine.rain.rainfall import NO_RAIN, RainEvent, RainState
from rencheng.engine.water.event import FloodEvent, PastEvent


def channel_name(device_id: str, channel: int) -> str:
    """Under which name the samples of a gauge's channel are kept."""
    return f"{device_id}/{channel}"


def gauge_of(name: str) -> str:
    """The gauge that such a name belongs to."""
    return name.rpartition("/")[0]


class SiteState(NamedTuple):
    """A site as the engine knows it. Times are seconds of the epoch.

    Attributes:
        level: the level in force.
        gauges: its gauge channels by name.
        rain: what fell on it.
        reached_s: since when the depth has stood at or above a level's threshold without a break, by level.
        receding_s: since when nothing has held the level up; None while something does.
        watermark_s: the greatest sample time taken in; None before the first.
        lost_since_s: since when it has had no data; None unless its monitoring is reported lost.
        data_since_s: since when it has data again without a break; None unless its monitoring is reported lost.
        last_rapid_rise_s: when its water rose last as only a cloudburst lifts it; 0 if never.
    """

    level: Level = Level.NONE
    gauges: Mapping[str, GaugeState] = {}
    rain: RainState = NO_RAIN
    reached_s: Mapping[Level, float] = {}
    receding_s: float | None = None
    watermark_s: float | None = None
    lost_since_s: float | None = None
    last_rapid_rise_s: float = 0.0
    data_since_s: float | None = None

    @property
    def watermark(self) -> datetime | None:
        """The greatest sample time taken in."""
        return None if self.watermark_s is None else datetime.fromtimestamp(self.watermark_s, UTC)

    def reported_until(self) -> dict[str, datetime]:
        """The newest sample time of each gauge; of its channels, that of the one which lags most."""
        heard: dict[str, float] = {}
        for name, gauge in self.gauges.items():
            if not isnan(gauge.heard_s):
                heard[gauge_of(name)] = min(gauge.heard_s, heard.get(gauge_of(name), gauge.heard_s))
        return {name: datetime.fromtimestamp(heard_s, UTC) for name, heard_s in heard.items()}

    def of_gauges(self, device_ids: Sequence[str]) -> "SiteState":
        """The state without the gauges that hang here no longer."""
        gauges = {name: gauge for name, gauge in self.gauges.items() if gauge_of(name) in device_ids}
        return self if len(gauges) == len(self.gauges) else self._replace(gauges=gauges)

    def to_json(self) -> dict[str, object]:
        """The state as plain JSON values; `from_json` gives an equal state back."""
        return {
            "level": self.level.word,
            "gauges": {name: _gauge_json(gauge) for name, gauge in self.gauges.items()},
            "rain": list(self.rain),
            "reached_s": {level.word: since_s for level, since_s in self.reached_s.items()},
            "receding_s": self.receding_s,
            "watermark_s": self.watermark_s,
            "lost_since_s": self.lost_since_s,
            "swift_s": self.last_rapid_rise_s,
            "data_since_s": self.data_since_s,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "SiteState":
        """The state that was kept."""
        fallen, raised_s, armed_s, heaviest, answered, storms = kept["rain"]
        return cls(
            level=Level.parse(kept["level"]),
            gauges={name: _gauge(gauge) for name, gauge in kept["gauges"].items()},
            rain=RainState(
                tuple((at_s, mm, gauge) for at_s, mm, gauge in fallen),
                raised_s,
                armed_s,
                heaviest,
                answered,
                tuple(RainEvent(*storm) for storm in storms),
            ),
            reached_s={Level.parse(word): since_s for word, since_s in kept["reached_s"].items()},
            receding_s=kept["receding_s"],
            watermark_s=kept["watermark_s"],
            lost_since_s=kept.get("lost_since_s") or (kept["watermark_s"] if kept.get("is_lost") else None),
            last_rapid_rise_s=kept.get("swift_s", 0.0),  # not kept by releases before it was known
            data_since_s=kept.get("data_since_s"),
        )


def _gauge_json(gauge: GaugeState) -> dict[str, object]:
    return gauge._asdict() | {"series": gauge.series.to_json()}


_OLD_KEYS = {
    "believed_mm": "accepted_mm",
    "believed_s": "accepted_s",
    "leap": "pending_jump",
    "trust": "health",
    "spell": "event",
    "floods": "past_events",
    "outlook": "forecast",
}
"""Keys of a gauge's state as releases before 0.2 wrote them."""


def _gauge(stored: Mapping[str, Any]) -> GaugeState:
    kept = {_OLD_KEYS.get(key, key): value for key, value in stored.items()}
    health = Health(*kept["health"])
    return GaugeState(**kept)._replace(
        series=Series.from_json(kept["series"]),
        pending_jump=PendingJump(*kept["pending_jump"]) if kept["pending_jump"] else None,
        health=health._replace(fault=Fault(health.fault) if health.fault else None),
        event=_event(kept["event"]) if kept["event"] else None,
        past_events=tuple(PastEvent(*event) for event in kept["past_events"]),
        forecast=_forecast(*kept["forecast"]) if kept["forecast"] else None,
    )


def _event(kept: Sequence[Any]) -> FloodEvent:
    began_s, dry_s, wet_s, peak_mm, peak_s, fastest, samples = kept
    kept_samples = tuple((time_s, depth_mm) for time_s, depth_mm in samples)
    return FloodEvent(began_s, dry_s, wet_s, peak_mm, peak_s, fastest, kept_samples)


def _forecast(crossings: Sequence[Any], rise: float | None, by: str, stirred: int | None = None) -> Forecast:
    return Forecast(tuple(_crossing(*one) if one else None for one in crossings), rise, by, stirred)


def _crossing(
    probability: float, within: Sequence[float], eta_s: float, soonest_s: float, latest_s: float
) -> ThresholdForecast:
    return ThresholdForecast(probability, tuple(within), eta_s, soonest_s, latest_s)
