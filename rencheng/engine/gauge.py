"""One gauge: what it said, how far it is believed, and the water as it shows it. Plain floats: seconds and mm."""

from typing import NamedTuple

from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.checks.series.step import NOTHING_YET, Series
from rencheng.checks.series.step import step as tested
from rencheng.domain.quality import Quality
from rencheng.engine.forecast.forecast import Outlook
from rencheng.engine.health import jump_filter as leaps
from rencheng.engine.health import sensor_health as trusts
from rencheng.engine.health.jump_filter import Leap
from rencheng.engine.health.sensor_health import FULL, STEP_MAX_S, Blame, Trust
from rencheng.engine.water import event as spells
from rencheng.engine.water.event import WET_MM, Flood, Spell

_STUCK = int(Quality.STUCK)

LEFT_BEHIND_MM = 100.0
"""A fall by more from one sample to the next is no drain but a thing that was taken away. Source: 4 of 875 FloodNet
events fall faster, once each."""

ZIGZAG_STEPS = 3.0
"""Three samples of a gauge that speaks seldom are looked at together, if they lie no further apart than this."""

RETURNS_SHARE = 0.1
DIP_S = 3600.0
DIP_DOUBT_MAX = 2.0
"""A gauge that fell away from a level and within the hour leaps back to it (within a tenth) has lied in between; one
that has lied more often goes up and down by turns."""


class Gauge(NamedTuple):
    """A gauge channel as the engine knows it.

    Attributes:
        series: what the tests of a series remember; its newest measurement is what was said last.
        believed_mm: the last depth that was believed; None before the first.
        believed_s: when.
        leap: what is held back; None if nothing is.
        trust: its lies.
        spell: the wet spell that lasts; None on a dry street.
        floods: those that it saw before.
        outlook: what is expected of its spell; None where nothing is.
        fell_from_mm, fell_s: the level that it fell away from at once, and when.
    """

    series: Series = NOTHING_YET
    believed_mm: float | None = None
    believed_s: float = 0.0
    leap: Leap | None = None
    trust: Trust = FULL
    spell: Spell | None = None
    floods: tuple[Flood, ...] = ()
    outlook: Outlook | None = None
    fell_from_mm: float = 0.0
    fell_s: float = 0.0

    @property
    def heard_s(self) -> float:
        """When it last measured anything; NaN if never."""
        return self.series.time_s

    @property
    def is_trusted(self) -> bool:
        """May it raise a warning?"""
        return self.trust.distrust is None

    @property
    def step_s(self) -> float:
        """How long it lately took from one sample to the next; NaN before the second."""
        return self.series.time_s - self.series.before_s


NEW = Gauge()


def is_at_rest(gauge: Gauge) -> bool:
    """Is it a trusted gauge above a dry street?"""
    believed_mm = gauge.believed_mm
    return (
        believed_mm is not None
        and believed_mm < WET_MM
        and gauge.spell is None
        and gauge.leap is None
        and gauge.trust.distrust is None
    )


def may_foretell(gauge: Gauge, time_s: float) -> bool:
    """Is the sample of this time believed, and may more be read from it than that the water stands there?

    A gauge that has lied lately must have moved as water does for two samples, and two more for each lie.
    """
    spell = gauge.spell
    if spell is None or gauge.believed_s != time_s or gauge.trust.distrust is not None:
        return False
    doubt = int(trusts.score_at(gauge.trust, time_s))
    return not doubt or spells.is_smooth(spell, 2 + 2 * doubt)


def hear(
    gauge: Gauge,
    time_s: float,
    depth_mm: float,
    *,
    hasty: bool,
    at_once: bool = False,
    is_stream: bool = False,
    limits: SeriesLimits = STREET,
) -> Gauge:
    """Take one measurement in, newer than all before it. What follows for the site is not decided here.

    Args:
        gauge: as it is known.
        time_s: when it was sampled.
        depth_mm: what was measured; below 0 is the noise of a dry street.
        hasty: doubt warns here: a leap is believed when it stays for a second sample.
        at_once: and a leap out of water that stands already is believed as it comes.
        is_stream: nothing passes under it.
        limits: of the tests of a series.
    """
    if depth_mm < WET_MM and is_at_rest(gauge):  # nearly all readings of a city end here
        series = gauge.series
        series = Series(time_s, time_s, depth_mm, series.time_s, series.depth_mm, None)
        return Gauge(
            series, depth_mm, time_s, None, gauge.trust, None, gauge.floods, None, gauge.fell_from_mm, gauge.fell_s
        )
    blame = Blame.EACH_LIE if is_stream else Blame.NOTHING if at_once else Blame.LOSS_OF_TRUST
    gauge = _weighed(gauge, time_s, depth_mm, blame, limits, hasty=hasty, at_once=at_once)
    spell, trust = gauge.spell, gauge.trust
    if spell is None or trust.distrust is None or gauge.believed_s != time_s or (is_stream and trust.is_chronic):
        return gauge
    return gauge._replace(trust=trusts.proven(trust, time_s, spell))


def _weighed(
    gauge: Gauge,
    time_s: float,
    depth_mm: float,
    blame: Blame,
    limits: SeriesLimits,
    *,
    hasty: bool,
    at_once: bool,
) -> Gauge:
    """Is it the water's depth, a leap that is held back, or a lie that came to light?"""
    believed_mm = gauge.believed_mm
    series, flags, _ = tested(gauge.series, time_s, depth_mm, limits)
    trust = trusts.looked_at(gauge.trust, time_s)
    if flags & _STUCK:
        trust = trusts.is_stuck(trust, time_s)
    trust = _zigzagged(trust, gauge.series, time_s, depth_mm)
    usual_s = gauge.step_s
    gauge = gauge._replace(series=series, trust=trust)
    if believed_mm is None:
        return _first_words(gauge, time_s, depth_mm, hasty=hasty)
    if gauge.leap is not None:
        return _still_leaping(gauge, gauge.leap, time_s, depth_mm, blame, hasty=hasty)
    doubt = trusts.score_at(trust, time_s)
    most_mm = leaps.most_mm(time_s - gauge.believed_s, usual_s, doubt=doubt, slow_mm=_slow_mm(gauge))
    if depth_mm - believed_mm > most_mm and not (at_once and believed_mm >= WET_MM):
        return _leapt(gauge, believed_mm, time_s, depth_mm)
    if believed_mm - depth_mm > max(LEFT_BEHIND_MM, most_mm):
        lied = trusts.lied(trust, time_s, believed_mm, trusts.STAYS_SAMPLES, gauge.step_s, blame)
        gauge = gauge._replace(trust=lied, fell_from_mm=believed_mm, fell_s=time_s)
    return _believe(gauge, time_s, depth_mm)


def _first_words(gauge: Gauge, time_s: float, depth_mm: float, *, hasty: bool) -> Gauge:
    """It may have been switched on in a flood: what is deep is believed when it says it twice."""
    first = gauge.leap
    if hasty or depth_mm < leaps.STEP_MM:
        return _believe(gauge._replace(leap=None), time_s, depth_mm)
    if first is not None and abs(depth_mm - first.last_mm) <= leaps.most_mm(time_s - gauge.series.before_s):
        return _believe(gauge._replace(leap=None), time_s, depth_mm)
    return gauge._replace(leap=leaps.begin(0.0, depth_mm, from_water=True))


def disbelieved(gauge: Gauge, time_s: float) -> Gauge:
    """It said what no gauge can measure: that costs trust, and tells nothing of the water."""
    if time_s <= gauge.trust.at_s:
        return gauge
    return gauge._replace(trust=trusts.was_absurd(gauge.trust, time_s))


def _zigzagged(trust: Trust, series: Series, time_s: float, depth_mm: float) -> Trust:
    """Up and down again, or down and up, farther than water does within a few samples."""
    one, other = series.depth_mm - series.before_mm, depth_mm - series.depth_mm
    if (
        one * other < 0
        and min(abs(one), abs(other)) > trusts.ZIGZAG_MM
        and time_s - series.before_s <= max(STREET.spike_span_s, ZIGZAG_STEPS * min(time_s - series.time_s, STEP_MAX_S))
    ):
        return trusts.zigzagged(trust, time_s, time_s - series.time_s)
    return trust


def _slow_mm(gauge: Gauge) -> float:
    is_still = gauge.spell is not None and spells.is_still(gauge.spell)
    return leaps.SLOW_STEP_STILL_MM if is_still else leaps.SLOW_STEP_MM


def _leapt(gauge: Gauge, from_mm: float, time_s: float, depth_mm: float) -> Gauge:
    came_back = abs(depth_mm - gauge.fell_from_mm) <= RETURNS_SHARE * abs(gauge.fell_from_mm)
    if came_back and time_s - gauge.fell_s <= DIP_S and trusts.score_at(gauge.trust, time_s) < DIP_DOUBT_MAX:
        return _believe(gauge, time_s, depth_mm)
    spell = gauge.spell
    from_water = spell is not None and spells.is_rising(spell)
    return gauge._replace(leap=leaps.begin(from_mm, depth_mm, from_water=from_water), outlook=None)


def _still_leaping(gauge: Gauge, leap: Leap, time_s: float, depth_mm: float, blame: Blame, *, hasty: bool) -> Gauge:
    if leaps.has_fallen_back(leap, depth_mm):
        lied = trusts.lied(gauge.trust, time_s, leap.first_mm, leap.samples, gauge.step_s, blame)
        gauge = gauge._replace(trust=lied, leap=None)
        if depth_mm - leap.from_mm > leaps.most_mm(time_s - gauge.series.before_s, gauge.step_s):
            # it is being taken away bit by bit
            return gauge._replace(leap=leaps.begin(leap.from_mm, depth_mm, from_water=False))
        return _believe(gauge, time_s, depth_mm)
    leap = leaps.go_on(leap, depth_mm, time_s - gauge.series.before_s, gauge.step_s)
    doubt = trusts.score_at(gauge.trust, time_s)
    if leaps.is_believed(leap, hasty=hasty, doubt=doubt, usual_s=gauge.step_s):
        return _believe(gauge._replace(leap=None), time_s, depth_mm)
    return gauge._replace(leap=leap)


def _believe(gauge: Gauge, time_s: float, depth_mm: float) -> Gauge:
    """It is the water's depth; the spell goes on with it, begins or ends."""
    spell, floods = gauge.spell, gauge.floods
    if spell is not None and spells.is_over(spell, time_s):
        if gauge.is_trusted and trusts.score_at(gauge.trust, time_s) < trusts.LIE:
            floods = spells.remembered(floods, spell)
        spell = None
    if spell is not None:
        spell = spells.go_on(spell, time_s, depth_mm)
    elif depth_mm >= WET_MM:
        dry_s = gauge.believed_s if gauge.believed_mm is not None else time_s
        spell = spells.begin(dry_s, time_s, depth_mm)
    return gauge._replace(believed_mm=depth_mm, believed_s=time_s, spell=spell, floods=floods, outlook=None)
