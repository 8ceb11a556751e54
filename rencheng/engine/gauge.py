"""One gauge channel: its series, health, accepted depth and flood event. Plain floats: seconds and mm."""

from msgspec import Struct
from msgspec.structs import replace

from rencheng.checks.series.step import NEW_SERIES, Series
from rencheng.engine.arrival import PUNCTUAL, UNKNOWN, Delivery, Expected, Transit, delivered
from rencheng.engine.forecast.forecast import Forecast
from rencheng.engine.health.baseline import UNLEARNED, Noise, Zero, above_noise, learned
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.sensor_health import HEALTHY, Health, fault_score_at, with_out_of_range
from rencheng.engine.water import event as flood_event
from rencheng.engine.water.event import WET_MM, FloodEvent, PastEvent

UNMEASURED_SHARE_MAX = 0.2
"""A gauge that cannot measure at a greater share of its reports is poor. Source: FloodNet calls an antenna bad from a
loss of 20 % on (domain reference 4.2)."""

UNMEASURED_REPORTS = 30.0
UNMEASURED_LEAST = 0.01
"""The share is that of about so many last reports, and a lower share counts as none. Proposal."""


class GaugeState(Struct, frozen=True, gc=False):
    """The state of a gauge channel. None stands for "never" or "not now".

    Attributes:
        series: the memory of the series tests; its newest measurement is the gauge's newest.
        accepted_mm, accepted_s: the last depth that was accepted, and its time.
        pending_jump: a jump that is not accepted yet.
        health: its faults.
        event: the flood event that lasts; None on a dry street.
        past_events: the events before it.
        forecast: the forecast of the event; None where there is none.
        fell_from_mm, fell_s: the depth from which it last fell at once, and when.
        unconfirmed_from_mm: the depth before a jump that was accepted at its first sample; None once a second sample
            has confirmed or refuted it.
        denied_mm: the depth of a jump that a person found to be no water, while it stands; None otherwise.
        jump_evidence: the log-odds by which the event's last jump is water; empty without a jump.
        rest_step_s: the reporting interval above a dry street, learned; longer than in water if it reports on change.
        rest_alike: how many of its last intervals in a row were alike.
        unmeasured_s: its newest report without a measurement.
        unmeasured_since_s: since when it reports and cannot measure; None if its newest report is a measurement.
        unmeasured_share: the share of its last reports without a measurement.
        delivery: how its readings arrive.
        expected: what the registry says of that.
        zero: what it reads above a dry street.
        noise: how much that varies; None of a calm gauge.
    """

    series: Series = NEW_SERIES
    accepted_mm: float | None = None
    accepted_s: float | None = None
    pending_jump: PendingJump | None = None
    health: Health = HEALTHY
    event: FloodEvent | None = None
    past_events: tuple[PastEvent, ...] = ()
    forecast: Forecast | None = None
    fell_from_mm: float | None = None
    fell_s: float | None = None
    unconfirmed_from_mm: float | None = None
    denied_mm: float | None = None
    jump_evidence: tuple[tuple[str, float], ...] = ()
    rest_step_s: float = 0.0
    rest_alike: int = 0
    unmeasured_s: float | None = None
    unmeasured_since_s: float | None = None
    unmeasured_share: float = 0.0
    delivery: Delivery = PUNCTUAL
    expected: Expected = UNKNOWN
    zero: Zero = UNLEARNED
    noise: Noise | None = None

    @property
    def measured_s(self) -> float | None:
        """The time of the newest measurement."""
        return self.series.time_s

    @property
    def is_trusted(self) -> bool:
        """Whether it may raise a warning."""
        return self.health.fault is None

    @property
    def step_s(self) -> float | None:
        """The time between its last two measurements; None before the second."""
        series = self.series
        return None if series.time_s is None or series.before_s is None else series.time_s - series.before_s

    @property
    def latency_s(self) -> float:
        """How late its readings arrive, as registered or learned."""
        return max(self.delivery.latency_s, self.expected.latency_s or 0.0)

    @property
    def is_poor(self) -> bool:
        """Whether so many of its reports are no measurements that a single depth among them proves nothing."""
        return self.unmeasured_share > UNMEASURED_SHARE_MAX


NEW = GaugeState()


def is_at_rest(gauge: GaugeState) -> bool:
    """Return whether it is a gauge without a fault above a dry street."""
    accepted_mm = gauge.accepted_mm
    return (
        accepted_mm is not None
        and accepted_mm < WET_MM
        and gauge.event is None
        and gauge.pending_jump is None
        and gauge.denied_mm is None
        and gauge.health.fault is None
    )


def with_report(gauge: GaugeState, time_s: float, *, is_measured: bool) -> GaugeState:
    """Return the gauge after one report more, as far as it shows how often the gauge can measure.

    Of several reports without a measurement only those that are newer than the last count.
    """
    if not is_measured and gauge.unmeasured_s is not None and time_s <= gauge.unmeasured_s:
        return gauge
    share = gauge.unmeasured_share + (float(not is_measured) - gauge.unmeasured_share) / UNMEASURED_REPORTS
    if is_measured:
        return replace(gauge, unmeasured_since_s=None, unmeasured_share=share if share > UNMEASURED_LEAST else 0.0)
    since_s = time_s if gauge.unmeasured_since_s is None else gauge.unmeasured_since_s
    return replace(gauge, unmeasured_s=time_s, unmeasured_since_s=since_s, unmeasured_share=share)


def reject_unusable(gauge: GaugeState, time_s: float) -> GaugeState:
    """Return the gauge after a depth that no gauge can measure. It raises the fault score and is no measurement."""
    gauge = with_report(gauge, time_s, is_measured=False)
    if gauge.health.at_s is not None and time_s <= gauge.health.at_s:
        return gauge
    return replace(gauge, health=with_out_of_range(gauge.health, time_s))


def above_zero(
    gauge: GaugeState, time_s: float, depth_mm: float, is_dry_weather: bool, most_mm: float
) -> tuple[float, GaugeState]:
    """Return the depth above the gauge's zero and noise, and the gauge with what the sample shows of both.

    Nearly all samples are of a dry street, a right zero and a calm gauge, and show nothing. A stream has no dry bed.
    """
    zero, before_mm = gauge.zero, gauge.series.depth_mm
    if -WET_MM <= depth_mm < WET_MM and zero.is_settled and not zero.offset_mm and gauge.noise is None:
        return depth_mm, gauge
    zero = learned(zero, time_s, depth_mm, is_dry_weather=is_dry_weather, most_mm=most_mm)
    depth_mm -= zero.offset_mm
    if not most_mm:
        return depth_mm, gauge if zero is gauge.zero else replace(gauge, zero=zero)
    depth_mm, noise = above_noise(gauge.noise, before_mm, depth_mm, is_dry_weather=is_dry_weather)
    if zero is gauge.zero and noise is gauge.noise:
        return depth_mm, gauge
    return depth_mm, replace(gauge, zero=zero, noise=noise)


def with_delivery(gauge: GaugeState, time_s: float, arrival: Transit) -> GaugeState:
    """Return the gauge with what one more arrival shows of its deliveries."""
    if not arrival.is_late and gauge.delivery is PUNCTUAL:
        return gauge
    return replace(gauge, delivery=delivered(gauge.delivery, time_s, arrival))


def may_forecast(gauge: GaugeState, time_s: float, resolution_mm: float = 0.0) -> bool:
    """Return whether the sample of this time is accepted and good enough to forecast from.

    A gauge with a fault score must have moved as water does for two samples, and two more for each point. A single step
    of its resolution is no rise: the depth may have changed by nothing.
    """
    event = gauge.event
    if event is None or gauge.accepted_s != time_s or gauge.health.fault is not None:
        return False
    if resolution_mm and _risen_mm(event) <= resolution_mm:
        return False
    doubt = int(fault_score_at(gauge.health, time_s))
    return not doubt or flood_event.is_smooth(event, 2 + 2 * doubt)


def _risen_mm(event: FloodEvent) -> float:
    """Return how far the newest sample lies above the lowest of the last minutes, a dry street before them included."""
    newest_s, newest_mm = event.newest
    is_after_dry = newest_s - event.began_s <= flood_event.KEPT_S
    return newest_mm - (0.0 if is_after_dry else min(mm for _, mm in event.samples))
