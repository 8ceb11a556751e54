"""What a rain gauge reports: the rain of a step, or a running total; by the registry or learned."""

from typing import NamedTuple

from msgspec import Struct

FIRST_STEP_S = 3600.0
"""The first report of a gauge is the rain of an hour at most. Source: SL 651-2014, hourly report."""

STEP_MAX_S = 24 * 3600.0
"""No report is the rain of more than a day."""

STEP_GROWS = 1.25
"""A longer interval than the learned step lengthens it by this factor at most: gauges that report on change are silent
in dry weather. Proposal."""

TOTAL_PRIOR, TOTAL_IF_WET = -3.0, -1.0
TOTAL_RISE, TOTAL_HOUR, TOTAL_FALL, TOTAL_MAX = 0.75, 1.0, 4.0, 8.0
"""The log-odds that reports are running totals: at first, by whether the first report is above 0 (few steps of rain
are, most totals are); what a rise adds, what an hour of equal reports above 0 adds, what a fall takes; and the most
that is remembered either way. Proposal. Source of the rise: of 8,949 runs of rising steps in Singapore's rain, 22 have
five. Two equal reports above 0 of a gauge that has never reported less count as two rises."""


class RainReport(Struct, frozen=True, gc=False):
    """The rain between two reports: when it ended (s of the epoch), mm, over how long (s)."""

    at_s: float
    mm: float
    period_s: float


class RainTraits(NamedTuple):
    """What the registry says of a rain gauge: the length of its step, and whether it reports running totals."""

    step_s: float | None = None
    is_total: bool | None = None


UNKNOWN_TRAITS = RainTraits()


class RainGauge(Struct, frozen=True, gc=False):
    """What is known of a rain gauge.

    Attributes:
        last_s, last_mm: its newest report.
        step_s: its shortest usual step, learned.
        total: the log-odds that it reports running totals.
        has_fallen: whether it has ever reported 0, or less than before.
        total_until_s: the newest of its reports that was taken as a running total; 0 if none was. What was reported
            until then is no rain of a step, even if it comes again later.
    """

    last_s: float
    last_mm: float
    step_s: float = FIRST_STEP_S
    total: float = TOTAL_PRIOR
    has_fallen: bool = False
    total_until_s: float = 0.0

    @property
    def is_total(self) -> bool:
        """Return whether its reports are taken as running totals."""
        return self.total > 0


def first_report(at_s: float, mm: float, traits: RainTraits = UNKNOWN_TRAITS) -> tuple[RainGauge, RainReport]:
    """Return a new gauge, and the rain of its first report."""
    total = TOTAL_IF_WET if mm > 0 else TOTAL_PRIOR
    total = _registered(total, traits.is_total)
    gauge = RainGauge(at_s, mm, traits.step_s or FIRST_STEP_S, total, mm <= 0, at_s if total > 0 else 0.0)
    return gauge, RainReport(at_s, 0.0 if gauge.is_total else mm, gauge.step_s)


def next_report(
    gauge: RainGauge, at_s: float, mm: float, traits: RainTraits = UNKNOWN_TRAITS
) -> tuple[RainGauge, RainReport]:
    """Return the gauge after a later report, and the rain since the one before.

    A total that fell was reset, or its counter began again; then all of it fell since.
    """
    passed_s = at_s - gauge.last_s
    learned_s = min(passed_s, gauge.step_s * STEP_GROWS, STEP_MAX_S)
    has_fallen = gauge.has_fallen or mm < gauge.last_mm
    total = _registered(_total(gauge, passed_s, mm), traits.is_total)
    total_until_s = at_s if total > 0 else gauge.total_until_s
    after = RainGauge(at_s, mm, traits.step_s or learned_s, total, has_fallen, total_until_s)
    since_mm = mm - gauge.last_mm if after.is_total and mm >= gauge.last_mm else mm
    return after, RainReport(at_s, since_mm, min(passed_s, after.step_s))


def _total(gauge: RainGauge, passed_s: float, mm: float) -> float:
    change = 0.0
    if mm < gauge.last_mm:
        change = -TOTAL_FALL
    elif mm > gauge.last_mm > 0:
        change = TOTAL_RISE
    elif mm == gauge.last_mm > 0:
        change = TOTAL_HOUR * min(passed_s, gauge.step_s) / 3600.0 if gauge.has_fallen else 2 * TOTAL_RISE
    return max(-TOTAL_MAX, min(TOTAL_MAX, gauge.total + change))


def _registered(total: float, is_total: bool | None) -> float:
    return total if is_total is None else TOTAL_MAX if is_total else -TOTAL_MAX
