"""The engine's state of a site between two readings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from rencheng.domain.level import Level
from rencheng.engine.gauge import GaugeState
from rencheng.engine.rain.rainfall import NO_RAIN, RainState


def channel_name(device_id: str, channel: int) -> str:
    """Return the name under which the state of a gauge's channel is kept."""
    return f"{device_id}/{channel}"


def gauge_of(name: str) -> str:
    """Return the gauge that such a name belongs to."""
    return name.rpartition("/")[0]


class SiteState(Struct, frozen=True):
    """The state of a site. Times are seconds of the epoch; None stands for "never" or "not now".

    Attributes:
        level: the level in force.
        gauges: its gauge channels by name.
        rain: the rain that fell there.
        reached_s: since when the depth has stood at or above a level's threshold without a break, by level.
        receding_s: since when nothing has held the level; None while something does.
        watermark_s: the greatest sample time of its readings.
        last_rapid_rise_s: when its water last rose as only a cloudburst raises it.
        lost_since_s: since when it has had no data; None unless its monitoring is reported lost.
        data_since_s: since when it has data again without a break; None unless its monitoring is reported lost.
    """

    level: Level = Level.NONE
    gauges: Mapping[str, GaugeState] = {}
    rain: RainState = NO_RAIN
    reached_s: Mapping[Level, float] = {}
    receding_s: float | None = None
    watermark_s: float | None = None
    last_rapid_rise_s: float | None = None
    lost_since_s: float | None = None
    data_since_s: float | None = None

    @property
    def watermark(self) -> datetime | None:
        """The greatest sample time of its readings."""
        return None if self.watermark_s is None else datetime.fromtimestamp(self.watermark_s, UTC)

    def reported_until(self) -> dict[str, datetime]:
        """Return the newest sample time of each gauge; of several channels, that of the one furthest behind."""
        newest: dict[str, float] = {}
        for name, gauge in self.gauges.items():
            if (measured_s := gauge.measured_s) is not None:
                newest[gauge_of(name)] = min(measured_s, newest.get(gauge_of(name), measured_s))
        return {name: datetime.fromtimestamp(measured_s, UTC) for name, measured_s in newest.items()}

    def of_gauges(self, device_ids: Sequence[str]) -> "SiteState":
        """Return the state without the gauges that are not bound to the site any more."""
        gauges = {name: gauge for name, gauge in self.gauges.items() if gauge_of(name) in device_ids}
        return self if len(gauges) == len(self.gauges) else replace(self, gauges=gauges)

    def advanced_to(self, time_s: float) -> float:
        """Return the watermark after a reading of this time."""
        return time_s if self.watermark_s is None or time_s > self.watermark_s else self.watermark_s
