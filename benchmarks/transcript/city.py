"""Generated cities: sites of every type, with sound and faulty gauges, and the events of a night."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from benchmarks.transcript.script import Arrival, Event, Restarted, Script, SitesChanged, Ticked
from benchmarks.transcript.water import MINUTES, RAIN_STEP_MIN, Shower, artefacts, depths, rain_at, showers
from rencheng.backtest.input_rows import Row
from rencheng.backtest.replay import as_rain, as_reading
from rencheng.domain.device import ACTUAL
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainForecast, RainSignal

BEGINS_AT = datetime(2026, 7, 20, tzinfo=UTC)
DISTRICTS = ("370102", "370103")
IN_THE_FIRST = 12
"""Sites of the first district: of streets just enough that those which flood tell of a storm near the others."""

RAIN_GAUGES = ("rain-1", "rain-2")
DRILL = "drill"

STEPS_S = (60, 60, 60, 60, 30, 120, 120, 300, 600)
HEIGHTS_MM = (0.0, 0.0, 40.0, 120.0, -30.0)
GAUGES = (1, 1, 1, 2, 3, 3, 4)


def drill(seed: int, size: int) -> Script:
    """Return an exercise: readings in the order of their time, but for some that are late."""
    dice = random.Random(f"drill {seed}")
    sites, arrivals = _city(dice, size, DRILL)
    events = sorted(arrivals, key=lambda one: (one.reading.time + _late(dice), one.reading.device_id))
    return Script("drill", sites, tuple(Arrival(one.reading, one.reading.time) for one in events))


def live(seed: int, size: int) -> Script:
    """Return a live city: each reading is delayed and waits for others.

    Sites change, the service restarts, and rain signals are in force.
    """
    dice = random.Random(f"live {seed}")
    sites, arrivals = _city(dice, size, ACTUAL)
    came = _in_order(_on_its_way(one, dice) for one in arrivals)
    a_third, a_half = len(came) // 3, len(came) // 2
    events: tuple[Event, ...] = (
        *came[:a_third],
        SitesChanged(_changed(sites, dice)),
        *came[a_third:a_half],
        Restarted(),
        Restarted(),
        *came[a_half:-a_third],
        SitesChanged(sites),
        *came[-a_third:],
        Ticked(BEGINS_AT + timedelta(minutes=MINUTES + 5)),
    )
    return Script("live", sites, events, wait_s=30.0, signals=_signals(), forecasts=_forecasts())


def straight(seed: int, size: int) -> Script:
    """Return an exercise without a model: the rate of rise alone, with rain signals."""
    dice = random.Random(f"straight {seed}")
    sites, arrivals = _city(dice, size, DRILL)
    signals = tuple(replace(one, world=DRILL) for one in _signals())
    return Script("straight", sites, _in_order(arrivals), has_model=False, signals=signals)


def _in_order(arrivals: Iterable[Arrival]) -> tuple[Arrival, ...]:
    return tuple(sorted(arrivals, key=lambda one: (one.at, one.reading.device_id)))


def _city(dice: random.Random, size: int, world: str) -> tuple[dict[str, Site], list[Arrival]]:
    fallen = showers(dice)
    sites = {f"S{number:02}": _site(number, world, dice) for number in range(size)}
    arrivals = [one for site in sites.values() for one in _at_site(site, fallen, dice)]
    return sites, arrivals + [Arrival(one, one.time) for one in _rain(fallen, dice)]


def _site(number: int, world: str, dice: random.Random) -> Site:
    site_id, types = f"S{number:02}", list(SiteType)
    site_type = types[number % len(types)]
    gauges = [BoundSensor(f"{site_id}-{letter}", Role.DEPTH, dice.choice(HEIGHTS_MM)) for letter in "ABCD"]
    rain = [BoundSensor(gauge, Role.RAIN) for gauge in RAIN_GAUGES if dice.random() < 0.4]  # noqa: PLR2004
    profile = default_profile(site_type)
    if dice.random() < 0.5:  # noqa: PLR2004
        profile = replace(
            profile,
            clear_below_mm=dice.choice((0.0, 10.0, 30.0)),
            up_hold_s=dice.choice((0.0, 60.0, 180.0)),
            down_hold_s=dice.choice((120.0, 600.0, 1800.0)),
            horizon_s=dice.choice((0.0, 300.0, 1200.0)),
        )
    return Site(
        site_id,
        site_id,
        site_id,
        site_type,
        DISTRICTS[number >= IN_THE_FIRST],
        36.65 + 0.002 * (number // 3),
        117.02 + 0.002 * (number % 3),
        profile,
        world=world,
        sensors=(*gauges[: dice.choice(GAUGES)], *rain),
        catchment=f"C{number // 3}",
    )


def _at_site(site: Site, fallen: list[Shower], dice: random.Random) -> Iterator[Arrival]:
    red_mm = site.profile.depth_mm(Level.RED)
    water = depths(dice, fallen, red_mm)
    for sensor in site.sensors:
        if sensor.role is Role.DEPTH:
            for channel in range(dice.choice((1, 1, 1, 1, 1, 2))):
                yield from _at_gauge(sensor, channel, water, fallen, dice)


def _at_gauge(
    sensor: BoundSensor, channel: int, water: list[float], fallen: list[Shower], dice: random.Random
) -> Iterator[Arrival]:
    """Yield one channel: the water less its height, noise, artefacts, silences; some measure rain as well."""
    step_s, grain_mm, noise_mm = dice.choice(STEPS_S), dice.choice((0.1, 1, 10)), dice.choice((0, 1, 3))
    false_mm = artefacts(dice, dice.choice((0.0, 0.0, 0.03, 0.2)))
    silent_from = dice.randrange(2 * MINUTES)
    silent_until = silent_from + dice.choice((10, 20, 60, 200))
    has_rain = channel == 0 and dice.random() < 0.2  # noqa: PLR2004
    for second in range(dice.choice((0, 0, 7)), 60 * MINUTES, step_s):
        minute = second // 60
        if silent_from <= minute < silent_until or dice.random() < 0.02:  # noqa: PLR2004
            continue
        stands_mm = max(water[minute] - sensor.lowest_point_height_mm, 0.0) if water[minute] else 0.0
        depth_mm = false_mm.get(minute, round((stands_mm + dice.gauss(0, noise_mm)) / grain_mm) * grain_mm)
        reading = as_reading(Row(BEGINS_AT + timedelta(seconds=second), sensor.device_id, depth_mm))
        rain_mm = rain_at(fallen, minute) if has_rain and minute % RAIN_STEP_MIN == 0 else None
        reading = replace(reading, channel=channel, rain_mm=rain_mm)
        yield Arrival(reading, reading.time)


def _rain(fallen: list[Shower], dice: random.Random) -> Iterator[WaterReading]:
    """Yield two gauges of nearly the same rain; some steps are missing."""
    for gauge, share in zip(RAIN_GAUGES, (1.0, 0.8), strict=True):
        for minute in range(0, MINUTES, RAIN_STEP_MIN):
            if dice.random() < 0.95:  # noqa: PLR2004
                mm = round(share * rain_at(fallen, minute), 1)
                yield as_rain(Row(BEGINS_AT + timedelta(minutes=minute), gauge, mm))


def _late(dice: random.Random) -> timedelta:
    """Return a delay: mostly none, at times up to the allowed lateness or beyond."""
    return timedelta(seconds=dice.choice([0] * 18 + [60, dice.choice((120, 240))]))


def _on_its_way(one: Arrival, dice: random.Random) -> Arrival:
    """Delay a reading; some clocks are ahead."""
    return Arrival(one.reading, one.at + timedelta(seconds=dice.choice([1] * 8 + [30, 31, 90, 120, 121, -40])))


def _changed(sites: Mapping[str, Site], dice: random.Random) -> dict[str, Site]:
    """Change one site in four: it is gone, in another world, without its first gauge, or has other thresholds."""
    found: dict[str, Site] = {}
    for name, site in sites.items():
        what = dice.randrange(16)
        if what == 1:
            found[name] = replace(site, world=DRILL)
        elif what == 2:  # noqa: PLR2004
            found[name] = replace(site, sensors=site.sensors[1:], depth_gauge_ids=(), rain_gauge_ids=())
        elif what == 3:  # noqa: PLR2004
            lower = {
                level: replace(site.profile.thresholds[level], depth_mm=site.profile.depth_mm(level) * 0.6)
                for level in WARNING_LEVELS
            }
            found[name] = replace(site, profile=replace(site.profile, thresholds=lower, version=2))
        elif what:
            found[name] = site
    return found


def _signals() -> tuple[RainSignal, ...]:
    """Return orange in one district, from the second storm on, cancelled before the third."""
    sent_at, ends = BEGINS_AT + timedelta(minutes=250), BEGINS_AT + timedelta(minutes=500)
    first = RainSignal(
        "W1", "met", MessageType.ALERT, Level.ORANGE, sent_at, sent_at, sent_at + timedelta(hours=12), DISTRICTS[:1]
    )
    return first, replace(
        first, identifier="W2", message_type=MessageType.CANCEL, sent_at=ends, effective_at=ends, references=("W1",)
    )


def _forecasts() -> tuple[RainForecast, ...]:
    """Return enough for a blue signal in the other district, for the third storm."""
    begins, ends = BEGINS_AT + timedelta(minutes=580), BEGINS_AT + timedelta(minutes=700)
    return (RainForecast(DISTRICTS[1], "met", begins - timedelta(hours=1), begins, ends, 60.0),)
