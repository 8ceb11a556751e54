"""A dispatcher's 36 questions about made and recorded cases. Each claim is one test; a case is played once."""

from collections.abc import Callable

import pytest

from rencheng.domain.level import Level
from tests.support.dispatcher_cases import Line, SiteMessages, messages_of

BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED

LOST, RESTORED = "monitoring_lost", "monitoring_restored"
RISE_MM_PER_MIN = 170.0
"""Of the fast cases."""


def soon_enough(line: Line) -> bool:
    """Return whether a predicted arrival is at most three times as far off as it is."""
    reason = line["reason"]
    if reason["rule"] != "predicted":
        return True
    true_s = 60 * (reason["threshold_mm"] - reason["depth_mm"]) / RISE_MM_PER_MIN
    return bool((line["eta_s"] or 0) <= 3 * max(20, true_s))


Claim = tuple[str, str, Callable[[SiteMessages], bool]]
CLAIMS: list[Claim] = [
    (
        "a01_fast_tunnel_10s",
        "red before the water; no arrival three times too late",
        lambda m: m.by(61.4, RED) and all(map(soon_enough, m.warnings)),
    ),
    ("a01_fast_tunnel_60s", "blue at the first sample, red at the second", lambda m: m.by(61, BLUE) and m.by(62, RED)),
    ("a01_fast_tunnel_300s", "yellow at the first sample of 850 mm", lambda m: m.by(65.1, YELLOW)),
    ("a01_fast_road_60s", "yellow by the third rising sample", lambda m: m.by(63, YELLOW)),
    ("a01_fast_road_300s", "red by the second sample of 1.5 m", lambda m: m.by(75.1, RED)),
    ("a05_slow_road_600s", "yellow by the second sample above", lambda m: m.by(80.1, YELLOW)),
    ("a05_slow_road_900s", "yellow by the second sample above", lambda m: m.by(90.1, YELLOW)),
    ("a07_roc_clock_hb720", "not lost while heartbeats come as usual", lambda m: not m.notice(LOST, -2000, 60)),
    ("a07_roc_clock_hb60", "not lost when hourly reports return", lambda m: m.count(LOST) == 0),
    ("a10_res50_road", "yellow within a minute of 150 mm", lambda m: m.by(69.1, YELLOW)),
    ("a12_float270_underpass", "red by the second sample", lambda m: m.by(75.1, RED)),
    ("a13_electrode_road", "yellow within three minutes of the 150 electrode", lambda m: m.by(71.2, YELLOW)),
    ("b02_stuck0_of3_road", "yellow before 70", lambda m: m.by(70, YELLOW)),
    ("b08_12gauges_one_wet", "red by 80: the lowest of twelve is under 600 mm", lambda m: m.by(80, RED)),
    (
        "b06_truck6h_road",
        "no warning; within an hour the gauge is lost or doubtful",
        lambda m: m.never(YELLOW, 0, 900) and (m.notice(LOST, 60, 125) or m.doubtful(60, 125)),
    ),
    ("b07_rush_underpass", "yellow by 140 though vehicles stood there", lambda m: m.by(140, YELLOW)),
    (
        "b12_drowned_none",
        "at most four notices; red holds",
        lambda m: m.count(LOST, RESTORED) <= 4 and m.holds(63, 410, RED),
    ),
    (
        "c01_pump_underpass",
        "red again before 250 mm; at most twelve messages",
        lambda m: m.by(115.8, RED) and len(m.warnings) <= 12,
    ),
    ("c04_peak149_road", "blue before 65; no orange", lambda m: m.by(65, BLUE) and m.never(ORANGE, 0, 300)),
    ("c05_osc_20mm_6min_underpass", "at most eight messages", lambda m: len(m.warnings) <= 8),
    (
        "c05_osc_60mm_30min_underpass",
        "at most fifteen messages in eight hours; no red below 250 mm",
        lambda m: len(m.warnings) <= 15 and m.never(RED, 0, 700),
    ),
    ("c06_flood30h_underpass", "a message within every twelve hours", lambda m: m.longest_silence_h(66, 1890) < 12),
    ("c07_outage3h_road_60s", "red within five minutes of its return", lambda m: m.by(245, RED)),
    ("c07_outage3h_underpass_60s", "red by 242", lambda m: m.by(242, RED)),
    ("c08_outage20_62_road", "yellow at its return", lambda m: m.by(82.1, YELLOW)),
    ("c10_snow_underpass", "no red for 236 mm of snow in eight hours", lambda m: m.never(RED, 0, 800)),
    ("c12_burst_charging_station", "red within five minutes", lambda m: m.by(66, RED)),
    (
        "c12_burst_road",
        "red, or doubtful, within a quarter of an hour",
        lambda m: m.by(76, RED) or m.doubtful(60, 76),
    ),
    ("d02_cumulative_dry_day", "no blue from a total that stands still", lambda m: m.ended(700)),
    ("d04_rain_gauge_dead", "blue by rain ends within six hours of it", lambda m: m.ended(480)),
    ("d06_armed_slow_road_900", "yellow at the first sample above in heavy rain", lambda m: m.by(75.1, YELLOW)),
    (
        "f04_two_peaks_underpass",
        "one warning for two peaks; at most twelve messages",
        lambda m: m.count("alert") == 1 and len(m.warnings) <= 12,
    ),
    (
        "f17_dead_holds_road",
        "blue by a dead gauge ends within a day or is renewed",
        lambda m: m.ended(1600) or m.longest_silence_h(70, 1500) < 13,
    ),
    ("f20_sl651_29mm_min_road", "yellow by 70", lambda m: m.by(70.1, YELLOW)),
    ("m08_reboot_zero_cancels", "14 minutes of zeros end no red", lambda m: m.holds(6, 45, RED)),
    (
        "m14_flat_thing_no_notice",
        "within an hour and a half the gauge is lost or doubtful",
        lambda m: m.notice(LOST, 0, 90) or m.doubtful(0, 90),
    ),
]


@pytest.mark.parametrize(
    ("case", "is_answered"),
    [pytest.param(case, is_answered, id=f"{case}: {claim}") for case, claim, is_answered in CLAIMS],
)
def test_a_dispatcher_is_answered(case: str, is_answered: Callable[[SiteMessages], bool]) -> None:
    assert is_answered(messages_of(case)), [
        (one["minute"], one["message"], one["level"]) for one in messages_of(case).lines
    ]
