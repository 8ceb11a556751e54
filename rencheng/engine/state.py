"""The engine's state of a site between two readings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.engine.gauge import GaugeState
from rencheng.engine.rain.rainfall import NO_RAIN, RainState, raised_level


def channel_name(device_id: str, channel: int) -> str:
    """Return the name under which the state of a gauge's channel is kept."""
    return f"{device_id}/{channel}"


def gauge_of(name: str) -> str:
    """Return the gauge that such a name belongs to."""
    return name.rpartition("/")[0]


class LateData(Struct, frozen=True):
    """The newest reading of a gauge channel, which arrived too late to be evaluated.

    Attributes:
        since_s: when the first of an unbroken series of these arrived, in the time of the world.
        time_s: its sample time.
        lag_s: how long after its sample time it arrived.
        readings: how many there are in the series.
    """

    since_s: float
    time_s: float
    lag_s: float
    readings: int = 1


class OpenDoubt(Struct, frozen=True):
    """A reported doubt that nothing has settled.

    Attributes:
        doubt_id: its identifier.
        name: the gauge channel.
        gauge_mm: the depth at the gauge when it was last reported.
        sent: identifier and time of each of its notices.
        is_slow: whether the depth did not jump but grew, as slowly as snow.
    """

    doubt_id: str
    name: str
    gauge_mm: float
    sent: tuple[tuple[str, datetime], ...]
    is_slow: bool = False


class Losses(Struct, frozen=True):
    """How often the monitoring of a site was lost.

    Attributes:
        count: how many losses there were, fading, as of `last_s`.
        last_s: when the last one was reported; None before the first.
        reasons: the reasons that were reported of the last one, each once.
    """

    count: float = 0.0
    last_s: float | None = None
    reasons: tuple[str, ...] = ()


NO_LOSSES = Losses()


class InputState(Struct, frozen=True):
    """The state of a gauge that arms the site: upstream, or in a manhole. Times are seconds of the epoch.

    Attributes:
        time_s, mm: its newest sample.
        before_s, before_mm: the sample before it; None before the second.
        run_s, run_mm, run: beginning, lowest level and samples of the newest run that rises without a slip.
        top_mm: the highest level of the run at which it was known to rise.
        began_s: when its newest rise began; None before the first.
        rose_s: when it last rose; None before the first.
        lags_s: how long after the beginning of a rise the site began to flood, of the last floods.
        is_counted: whether the newest rise has its lag.
        over_s: when it was last above the rim of its manhole; None: never.
    """

    time_s: float
    mm: float
    before_s: float | None = None
    before_mm: float | None = None
    run_s: float = 0.0
    run_mm: float = 0.0
    run: int = 0
    top_mm: float = 0.0
    began_s: float | None = None
    rose_s: float | None = None
    lags_s: tuple[float, ...] = ()
    is_counted: bool = False
    over_s: float | None = None


class SiteState(Struct, frozen=True, gc=False):
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
        losses: how often its monitoring was lost.
        late: the gauge channels whose newest reading arrived too late, by name.
        is_unconfirmed: its last warning message rests on the first sample of a jump.
        doubtful: the level of a jump that is not accepted and was reported as doubtful; NONE if none is.
        false_doubts, false_doubt_s: how many such reports proved false, fading, as of the last.
        doubtful_mm: the depth of the last such report.
        doubt: that report, while nothing has settled it.
        issued_s: when its last warning message was issued; None if an earlier release kept the state.
        left_level, left_s: the level that was last left, and when.
        has_returned: whether a level returned within the hour after it was left, so that it lasts longer now.
        has_lost_trust: whether a message of the warning in force named the fault of its last gauge.
        inputs: the gauges that arm it, by device: upstream, and in manholes.
        temperature: the last temperature that a gauge reported: when (s of the epoch), and °C.
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
    losses: Losses = NO_LOSSES
    late: Mapping[str, LateData] = {}
    issued_s: float | None = None
    is_unconfirmed: bool = False
    doubtful: Level = Level.NONE
    false_doubts: float = 0.0
    false_doubt_s: float | None = None
    doubtful_mm: float = 0.0
    doubt: OpenDoubt | None = None
    left_level: Level = Level.NONE
    left_s: float | None = None
    has_returned: bool = False
    has_lost_trust: bool = False
    temperature: tuple[float, float] | None = None
    inputs: Mapping[str, InputState] = {}

    @property
    def watermark(self) -> datetime | None:
        """The greatest sample time of its readings."""
        return None if self.watermark_s is None else datetime.fromtimestamp(self.watermark_s, UTC)

    def is_calm(self, now_s: float) -> bool:
        """Return whether no level is in force and none is due: nearly all readings end here."""
        return not (self.level or self.reached_s or (self.rain.raised and raised_level(self.rain, now_s)))

    def with_gauge(self, name: str, gauge: GaugeState, time_s: float) -> "SiteState":
        """Return the state after a reading of one of its gauge channels."""
        return replace(self, gauges={**self.gauges, name: gauge}, watermark_s=self.advanced_to(time_s))

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
        late = {name: one for name, one in self.late.items() if gauge_of(name) in device_ids}
        is_unchanged = len(gauges) == len(self.gauges) and len(late) == len(self.late)
        return self if is_unchanged else replace(self, gauges=gauges, late=late)

    def of_site(self, site: Site) -> "SiteState":
        """Return the state without the gauges and inputs that are not bound to the site any more."""
        state, bound = self.of_gauges(site.depth_gauge_ids), {sensor.device_id for sensor in site.inputs}
        if state.inputs.keys() <= bound:
            return state
        return replace(state, inputs={name: one for name, one in state.inputs.items() if name in bound})

    def with_late(self, name: str, now_s: float, time_s: float, lag_s: float) -> "SiteState":
        """Return the state after a reading of a gauge channel that arrived too late.

        A reading that is older than the newest measurement of its channel changes nothing.
        """
        gauge, before = self.gauges.get(name), self.late.get(name)
        newest_s = max((gauge and gauge.measured_s) or float("-inf"), before.time_s if before else float("-inf"))
        if time_s <= newest_s:
            return self
        late = LateData(now_s, time_s, lag_s)
        if before:
            late = LateData(before.since_s, time_s, lag_s, before.readings + 1)
        return replace(self, late={**self.late, name: late})

    def without_late(self, name: str) -> "SiteState":
        """Return the state after a measurement of a gauge channel that arrived in time."""
        if name not in self.late:
            return self
        return replace(self, late={other: one for other, one in self.late.items() if other != name})

    def advanced_to(self, time_s: float) -> float:
        """Return the watermark after a reading of this time."""
        return time_s if self.watermark_s is None or time_s > self.watermark_s else self.watermark_s
