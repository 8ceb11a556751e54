"""Further questions on the other cases: what the 36 ask of one gauge, setting or water is asked of its kind."""

from collections.abc import Callable

import pytest

from rencheng.domain.level import Level
from tests.support.dispatcher_cases import SITE, SiteMessages, messages_of

BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED

LOST, RESTORED = "monitoring_lost", "monitoring_restored"

Claim = tuple[str, str, Callable[[SiteMessages], bool]]
CLAIMS: list[Claim] = [
    ("a01_fast_underpass_10s", "red before 250 mm", lambda m: m.by(61.4, RED)),
    (
        "a01_fast_underpass_60s",
        "a warning at the first sample, red at the second",
        lambda m: m.by(61, BLUE) and m.by(62, RED),
    ),
    ("a01_fast_road_10s", "red by the second sample above 400 mm", lambda m: m.by(62.6, RED)),
    ("a05_slow_road_300s", "yellow by the second sample above", lambda m: m.by(75.1, YELLOW)),
    ("a05_slow_road_3600s", "yellow by the second sample above", lambda m: m.by(180.1, YELLOW)),
    ("a05_slow_underpass_3600s", "a warning at the first sample", lambda m: m.by(120.1, YELLOW)),
    (
        "a05_slow_underpass_600s",
        "a warning at the first sample, red at the second",
        lambda m: m.by(70.1, YELLOW) and m.by(80.1, RED),
    ),
    ("a06_mod_road_600s", "yellow by the second sample above", lambda m: m.by(110.1, YELLOW)),
    ("a06_mod_road_900s", "yellow by the second sample above", lambda m: m.by(120.1, YELLOW)),
    ("a07_roc_clock_hb360", "ended by 700", lambda m: m.ended(700)),
    ("a07_roc_road_hb60", "yellow by 70", lambda m: m.by(70, YELLOW)),
    ("a07_roc_road_hb0", "yellow by 70", lambda m: m.by(70, YELLOW)),
    ("a07_roc_road_hb360", "yellow by 70", lambda m: m.by(70, YELLOW)),
    ("a07_roc_road_hb720", "yellow by 70", lambda m: m.by(70, YELLOW)),
    ("a07_roc_underpass_hb60", "red before 80", lambda m: m.by(80, RED)),
    ("a07_roc_underpass_hb720", "red before 80", lambda m: m.by(80, RED)),
    ("a10_res50_underpass", "red within a minute of 250 mm", lambda m: m.by(74, RED)),
    ("a10_res100_underpass", "red within two minutes of 300 mm", lambda m: m.by(75, RED)),
    ("a10_res50_road", "yellow holds while it rises in steps", lambda m: m.holds(70, 150, YELLOW)),
    (
        "a11_res50_puddle8h",
        "yellow within a minute of 150 mm; not lost while a puddle stands",
        lambda m: m.by(604, YELLOW) and m.count(LOST) == 0,
    ),
    ("a11_res50_puddle8h", "a puddle of 50 mm is no yellow", lambda m: m.never(YELLOW, 0, 590)),
    ("a13_electrode_underpass", "red within three minutes of the 270 electrode", lambda m: m.by(78, RED)),
    ("b01_offset60_single_road", "yellow two minutes after 150 mm at the latest", lambda m: m.by(71, YELLOW)),
    ("b02_stuck0_of2_road", "yellow before 70", lambda m: m.by(70, YELLOW)),
    ("b04_offset-30_single_road", "yellow before 73", lambda m: m.by(73, YELLOW)),
    ("b04_offset-30_peak170", "yellow by 80", lambda m: m.by(80, YELLOW)),
    ("b05_x10_road", "at most six messages", lambda m: len(m.warnings) <= 6),
    (
        "b06_truck6h_underpass",
        "ends half an hour after the lorry left; at most five messages",
        lambda m: m.ended(450) and len(m.warnings) <= 5,
    ),
    (
        "b06_truck_then_flood_road",
        "yellow by 456; no warning before 450",
        lambda m: m.by(456, YELLOW) and m.never(BLUE, 0, 445),
    ),
    ("b07b_rush_stops_underpass", "yellow by 140", lambda m: m.by(140, YELLOW)),
    ("b07_sweeper_road", "two samples of a sweeper are no warning", lambda m: m.never(YELLOW, 0, 200)),
    (
        "b07_sweeper_underpass",
        "ends within half an hour; at most four messages",
        lambda m: m.ended(92) and len(m.warnings) <= 4,
    ),
    ("b09_3gauges_upslope_unsurveyed", "red by 75", lambda m: m.by(75, RED)),
    ("b11_standing_tunnel_2", "red holds beside a dry gauge", lambda m: m.holds(70, 900, RED)),
    ("b11_standing_tunnel_noise0", "red holds in still water", lambda m: m.holds(70, 900, RED)),
    ("b11_standing_tunnel_noise0.3", "red holds in still water", lambda m: m.holds(70, 900, RED)),
    ("b11_standing_tunnel_noise2", "red holds in still water", lambda m: m.holds(70, 900, RED)),
    ("b12_drowned_dead", "red holds until the water falls", lambda m: m.holds(63, 440, RED)),
    ("c01_pump_underpass", "yellow holds until the pump fails", lambda m: m.holds(66, 160, YELLOW)),
    (
        "c02_seepage_underpass",
        "blue and yellow at their depths; at most twenty messages in three days",
        lambda m: m.by(640, BLUE) and m.by(1860, YELLOW) and len(m.warnings) <= 20,
    ),
    (
        "c02_seepage_exact_car_park",
        "yellow at its depth; not lost as stuck",
        lambda m: m.by(2100, YELLOW) and m.count(LOST) == 0,
    ),
    ("c04_peak149_underpass", "no red; blue by 64", lambda m: m.by(64, BLUE) and m.never(RED, 0, 300)),
    ("c04_peak149_low_lying_community", "no orange", lambda m: m.never(ORANGE, 0, 300)),
    ("c05_osc_20mm_6min_road", "at most eight messages", lambda m: len(m.warnings) <= 8),
    ("c05_osc_35mm_40min_road", "at most fifteen messages", lambda m: len(m.warnings) <= 15),
    ("c05_osc_60mm_30min_road", "at most fifteen messages", lambda m: len(m.warnings) <= 15),
    ("c05_osc_60mm_60min_road", "at most fifteen messages", lambda m: len(m.warnings) <= 15 and m.never(RED, 0, 700)),
    (
        "c06_flood30h_underpass",
        "red holds for thirty hours, in one warning",
        lambda m: m.holds(70, 1860, RED) and m.count("alert") == 1,
    ),
    ("c07_outage3h_charging_station_60s", "red by 242", lambda m: m.by(242, RED)),
    ("c07_outage3h_low_lying_community_300s", "red by 246", lambda m: m.by(246, RED)),
    ("c07_outage3h_low_lying_community_60s", "red by 242", lambda m: m.by(242, RED)),
    ("c07_outage3h_road_300s", "red by 246", lambda m: m.by(246, RED)),
    ("c07_outage3h_underpass_300s", "red by 241", lambda m: m.by(241, RED)),
    (
        "c07_outage_wet_before_road",
        "red at its return; blue holds in the silence",
        lambda m: m.by(242, RED) and m.holds(52, 241, BLUE),
    ),
    ("c07_outage3h_road_60s", "not restored before it is red", lambda m: not m.notice(RESTORED, 200, 240.9)),
    ("c08_outage20_58_road", "yellow by the second sample at its return", lambda m: m.by(79.1, YELLOW)),
    ("c12_burst240_charging_station", "red by 64", lambda m: m.by(64, RED)),
    ("c12_burst240_road", "yellow by 63", lambda m: m.by(63.1, YELLOW)),
    ("c12_burst240_underground_car_park", "yellow by 62", lambda m: m.by(62.1, YELLOW)),
    ("c12_burst_underground_car_park", "red by 62", lambda m: m.by(62.1, RED)),
    (
        "d01_rain60_no_rise/s0",
        "at most two messages a site, none above blue",
        lambda m: len(m.warnings) <= 2 and m.never(YELLOW, -100, 1000),
    ),
    ("d06_armed_fast_road_60", "yellow at the first sample above", lambda m: m.by(62.1, YELLOW)),
    ("d06_armed_slow_road_300", "yellow at the first sample above", lambda m: m.by(70.1, YELLOW)),
    ("e01_one_level_workaround", "red", lambda m: m.by(79, RED)),
    ("e03_types/underground_car_park", "a car park is red by 77", lambda m: m.by(77, RED)),
    ("e03_types/road", "a road is yellow by 70", lambda m: m.by(70, YELLOW)),
    ("e04_offsets", "yellow by 69", lambda m: m.by(69, YELLOW)),
    ("e05_storm_seen_60s/s10", "the eleventh road is yellow at its third sample", lambda m: m.by(83.1, YELLOW)),
    ("f01_noise10_road", "noise of a dry street is no message", lambda m: len(m.warnings) == 0),
    ("f01_noise20_road", "noise of a dry street is no message", lambda m: len(m.warnings) == 0),
    (
        "f01_noise20_underground_car_park",
        "at most two messages, none above blue",
        lambda m: len(m.warnings) <= 2 and m.never(YELLOW),
    ),
    ("f20_sl651_12mm_min_road", "yellow by 80", lambda m: m.by(80.1, YELLOW) and m.count(LOST) == 0),
    ("f20_sl651_12mm_min_underpass", "yellow by 75", lambda m: m.by(75.1, YELLOW)),
    (
        "f28_reboot_zero_underpass",
        "red holds through ten minutes of zeros; at most nine messages",
        lambda m: m.holds(70, 150, RED) and len(m.warnings) <= 9,
    ),
    ("m01_road_linear_rise_1min", "yellow by the third rising sample", lambda m: m.by(5.1, YELLOW)),
    ("m01_road_standing_1min", "red by 10", lambda m: m.by(10, RED)),
    (
        "m01_road_standing_5min",
        "red or doubtful by the second sample",
        lambda m: m.by(20.1, RED) or m.doubtful(15, 20.1),
    ),
    ("m02_exact_flat_cancel", "red holds until the water falls", lambda m: m.holds(90, 440, RED)),
    (
        "m03_drowned_null_flaps",
        "at most three notices; red holds",
        lambda m: m.count(LOST, RESTORED) <= 3 and m.holds(5, 88, RED),
    ),
    ("m04_two_dry_outvote", "red by 8", lambda m: m.by(8, RED)),
    (
        "m05_restored_but_held",
        "red by the second sample; not restored before",
        lambda m: m.by(62, RED) and not m.notice(RESTORED, 0, 60.9),
    ),
    ("m06_13h_no_renewal", "a message within every twelve hours", lambda m: m.longest_silence_h(60, 1200) < 12),
    ("m07_rain_blue_for_ever", "ended by 500", lambda m: m.ended(500)),
    ("m09_eta_10s", "red before 250 mm", lambda m: m.by(1.5, RED)),
    ("m11_electrode_road", "yellow by 8", lambda m: m.by(8, YELLOW)),
    ("m12_pump_chatter", "at most twelve messages", lambda m: len(m.warnings) <= 12),
    ("m13_spiky_then_flood_underpass", "red in the flood", lambda m: m.by(60, RED)),
    ("c03_tide_road_week", "at most two messages a tide, once two are known", lambda m: len(m.warnings) <= 32),
    ("c03_tide_neap_month", "at most two messages a tide", lambda m: len(m.warnings) <= 110),
    ("c10_snow_road", "no orange for snow", lambda m: m.never(ORANGE, 0, 800)),
    ("d01_rain60_ten_days", "no blue by rain after seven dry storms", lambda m: not m.notice("alert", 10100, 1e9)),
    ("d02_cumulative", "6 mm in an hour, reported as a total, are no day of blue", lambda m: m.ended(1400)),
    ("d02_cumulative_dry_day", "a total that stands still is no message", lambda m: not m.warnings),
    ("e01_one_level", "red at the only threshold", lambda m: m.by(79, RED)),
    ("e01_two_levels_equal", "yellow and red at their depths", lambda m: m.by(70, YELLOW) and m.by(80, RED)),
    ("e01_unknown_type", "an unknown type warns as where people drown", lambda m: m.by(66, YELLOW)),
    ("m15_hour_report", "13 mm of a whole hour are no blue", lambda m: not m.warnings),
    ("m17_neg_depth_wording", "no negative depth", lambda m: all("-" not in one["reason"]["zh"] for one in m.lines)),
    ("b01_offset60_single_road", "a dry street that reads 60 mm is no blue", lambda m: m.ended(0)),
    ("m16_datum60", "at most four messages in three days of a zero of 60 mm", lambda m: len(m.warnings) <= 4),
]
"""Case, and `/` with its site if that is not the only one; claim; answer."""


@pytest.mark.parametrize(
    ("case", "is_answered"),
    [pytest.param(case, is_answered, id=f"{case}: {claim}") for case, claim, is_answered in CLAIMS],
)
def test_a_dispatcher_is_answered(case: str, is_answered: Callable[[SiteMessages], bool]) -> None:
    name, _, site_id = case.partition("/")
    messages = messages_of(name, site_id or SITE)

    assert is_answered(messages), [(one["minute"], one["message"], one["level"]) for one in messages.lines]
