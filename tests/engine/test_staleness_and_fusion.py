"""When a site can be seen, and which of its gauges speaks for it, at the edges."""

import json
from datetime import UTC, datetime

import pytest

from rencheng.checks.series.step import Series
from rencheng.domain.no_data import NoDataReason
from rencheng.domain.site import SiteType, default_profile
from rencheng.engine.forecast.forecast import Forecast, ThresholdForecast
from rencheng.engine.fusion import FRESH_S, fuse, is_fresh
from rencheng.engine.gauge import NEW, GaugeState
from rencheng.engine.health.sensor_health import Fault, Health
from rencheng.engine.record import SiteRecord
from rencheng.engine.site_policy import SitePolicy, policy_of
from rencheng.engine.staleness import gauge_reasons, max_silence_s, no_data, no_data_from, no_data_reason
from rencheng.engine.state import SiteState
from tests.support.gauge_play import site

NOW_S = 1e9
ROAD = policy_of(site("S", "A", "B", "C", by=default_profile(SiteType.ROAD)))
FAULTY = Health(fault=Fault.SPIKY, fault_since_s=NOW_S - 300)


def gauge(
    depth_mm: float | None = 0.0,
    ago_s: float = 0.0,
    step_s: float | None = 60.0,
    health: Health = NEW.health,
    **more: object,
) -> GaugeState:
    series = Series(
        reported_s=NOW_S - ago_s,
        time_s=NOW_S - ago_s,
        depth_mm=depth_mm or 0.0,
        before_s=None if step_s is None else NOW_S - ago_s - step_s,
        before_mm=0.0,
    )
    return GaugeState(series=series, accepted_mm=depth_mm, accepted_s=NOW_S - ago_s, health=health, **more)  # type: ignore[arg-type]


def seen(policy: SitePolicy = ROAD, **gauges: GaugeState) -> object:
    fused = fuse(SiteState(gauges={f"{name}/0": one for name, one in gauges.items()}, watermark_s=NOW_S), policy)
    return None if fused is None else (fused.name[0], fused.depth_mm)


@pytest.mark.parametrize(
    ("step_s", "armed", "patience"),
    [
        (60, False, 900),
        (180, False, 900),
        (181, False, 905),
        (2160, False, 10_800),
        (9000, False, 10_800),
        (None, False, 10_800),
        (60, True, 300),
        (101, True, 303),
        (1200, True, 3600),
        (9000, True, 3600),
        (None, True, 3600),
    ],
)
def test_a_gauge_is_missed_after_some_steps_of_its_own_and_sooner_in_rain(
    step_s: float | None, armed: bool, patience: float
) -> None:
    assert max_silence_s(gauge(step_s=step_s), armed=armed) == patience


def test_a_site_has_no_data_when_its_last_usable_gauge_is_silent() -> None:
    def from_s(**gauges: GaugeState) -> tuple[float | None, NoDataReason]:
        found = no_data(SiteState(gauges=gauges))
        return found.from_s and found.from_s - NOW_S, found.reason

    faulty = gauge(ago_s=60, health=FAULTY)

    assert from_s(a=gauge(ago_s=60), b=gauge(ago_s=600)) == (840, NoDataReason.SILENT)
    assert from_s(a=faulty, b=gauge(ago_s=600)) == (300, NoDataReason.SILENT)
    assert from_s(a=faulty) == (-300, NoDataReason.SPIKY)
    assert from_s(a=faulty, b=gauge(ago_s=2000)) == (-300, NoDataReason.SPIKY)  # b was silent before a was at fault
    assert from_s() == (None, NoDataReason.NEVER_REPORTED)
    assert from_s(a=NEW) == (None, NoDataReason.NEVER_REPORTED)
    assert NEW.measured_s is None


def test_no_data_has_a_moment_and_a_reason_for_each_gauge() -> None:
    gauges = {"A/0": gauge(ago_s=60, health=FAULTY), "B/0": gauge(ago_s=600), "C/0": NEW}
    state = SiteState(gauges=gauges, watermark_s=NOW_S)

    assert no_data_from(state) == datetime.fromtimestamp(NOW_S + 300, UTC)
    assert no_data_reason(state) is NoDataReason.SILENT
    assert gauge_reasons(state, NOW_S) == {"A": NoDataReason.SPIKY, "B": None}
    assert gauge_reasons(state, NOW_S + 301) == {"A": NoDataReason.SPIKY, "B": NoDataReason.SILENT}
    assert no_data_from(SiteState()) is None


@pytest.mark.parametrize(
    ("ago_s", "step_s", "fresh"),
    [(FRESH_S, 60, True), (FRESH_S + 1, 60, False), (750, 300, True), (751, 300, False), (FRESH_S, None, True)],
)
def test_a_depth_is_used_for_ten_minutes_or_for_its_own_intervals(ago_s: float, step_s: float, fresh: bool) -> None:
    assert is_fresh(gauge(ago_s=ago_s, step_s=step_s), NOW_S) is fresh


def test_a_gauge_that_is_new_silent_or_at_fault_is_not_used() -> None:
    assert seen() is None
    assert seen(A=gauge(None)) is None
    assert seen(A=gauge(50, health=FAULTY)) is None
    assert seen(A=gauge(50, ago_s=FRESH_S + 1)) is None
    assert seen(A=gauge(50)) == ("A", 50)
    assert fuse(SiteState(), ROAD) is None


def test_of_two_gauges_the_deeper_decides_and_of_three_the_second() -> None:
    assert seen(A=gauge(50), B=gauge(90)) == ("B", 90)
    assert seen(A=gauge(50), B=gauge(90), C=gauge(20)) == ("A", 50)
    assert seen(A=gauge(900), B=gauge(0), C=gauge(0)) == ("B", 0)
    assert seen(A=gauge(0), B=gauge(90), C=gauge(80)) == ("C", 80)


def test_a_gauge_that_hangs_above_the_water_has_no_vote() -> None:
    high = SitePolicy(**{name: getattr(ROAD, name) for name in SitePolicy.__slots__} | {"heights_mm": {"C": 300.0}})

    assert seen(high, A=gauge(310), B=gauge(0), C=gauge(0)) == ("A", 310)  # two voters: the deeper
    assert seen(high, A=gauge(311), B=gauge(0), C=gauge(0)) == ("B", 0)  # C should be wet, and is not
    assert seen(high, A=gauge(50), B=gauge(40), C=gauge(9.9)) == ("A", 50)
    assert seen(high, A=gauge(50), B=gauge(40), C=gauge(10)) == ("B", 40)  # ten millimetres are water
    assert seen(high, A=gauge(50), C=gauge(20)) == ("C", 320)
    assert seen(high, C=gauge(10)) == ("C", 10)  # dry: it tells nothing of what lies below


def expected(probability: float) -> Forecast:
    threshold = ThresholdForecast(probability, (0.0, 0.0, 0.0, probability), 600, 300, 900)
    return Forecast((None, threshold, None, None), 5.0, "test")


def test_what_is_expected_is_fused_as_the_depth_is() -> None:
    def probability(**gauges: GaugeState) -> float | None:
        state = SiteState(gauges={f"{name}/0": one for name, one in gauges.items()}, watermark_s=NOW_S)
        fused = fuse(state, ROAD)
        assert fused is not None
        threshold = fused.forecasts[1] if fused.forecasts else None
        return threshold.probability if threshold else None

    sure, doubtful = gauge(90, forecast=expected(0.9)), gauge(80, forecast=expected(0.3))
    assert probability(A=sure) == 0.9
    assert probability(A=sure, B=doubtful) == 0.9
    assert probability(A=sure, B=doubtful, C=gauge(70)) == 0.3
    assert probability(A=sure, B=gauge(80), C=gauge(70)) is None
    assert probability(A=gauge(160), B=doubtful, C=gauge(70)) == 0.3  # what stands there is sure
    assert probability(A=gauge(0)) is None


@pytest.mark.parametrize("fault", [None, *Fault])
def test_the_fault_of_a_gauge_survives_a_restart(fault: Fault | None) -> None:
    state = SiteState(gauges={"A/0": gauge(50, health=Health(fault_score=6.0, fault=fault))}, watermark_s=NOW_S)
    kept = SiteRecord.from_json(json.loads(json.dumps(SiteRecord(state=state).to_json()))).state

    assert kept == state
    assert kept.gauges["A/0"].health.fault is fault
