"""A gauge whose readings arrive too late to be evaluated has no data from the first one on, and says how late it is."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.no_data import Monitoring, NoDataReason
from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import SiteNoticeKind
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from rencheng.text.monitoring import monitoring_text
from tests.support.evaluation import notices_of
from tests.support.gauge_play import NOON, reading, site

SITE = site("S", "G1", "G2")
SECOND = timedelta(seconds=1)


def open_evaluator(wait_s: float = 0.0) -> Evaluator:
    evaluator = Evaluator(wait=wait_s * SECOND)
    evaluator.set_sites({"S": SITE})
    return evaluator


def monitoring(evaluator: Evaluator, seconds: float, *, gauge: str | None = None) -> Monitoring:
    """Return the monitoring of the site or a gauge as the API computes it from the saved record."""
    record = evaluator.record("S")
    now = NOON + seconds * SECOND
    if gauge is None:
        return Monitoring.at(now, record.no_data_from, record.no_data_reason, record.no_data_lag_s)
    return record.no_data_by_gauge[gauge].at(now)


def sample(second: float, depth_mm: float | None, gauge: str = "G1") -> WaterReading:
    return reading(second / 60, depth_mm, gauge)


def send(evaluator: Evaluator, second: float, depth_mm: float | None, *, lag_s: float, gauge: str = "G1") -> None:
    """Let a sample arrive at a second after noon that was taken `lag_s` before."""
    evaluator.process_and_commit(sample(second - lag_s, depth_mm, gauge), NOON + second * SECOND)


def test_a_gauge_whose_clock_is_slow_has_no_data_from_its_first_reading_on() -> None:
    evaluator = open_evaluator()
    send(evaluator, 0, 300.0, lag_s=1850)
    found = monitoring(evaluator, 1)
    assert found == Monitoring(has_data=False, reason=NoDataReason.LATE, since=NOON, lag_s=1850.0)
    assert evaluator.record("S").state.level is Level.NONE


def test_a_clock_that_becomes_slow_takes_the_data_away_and_a_right_one_gives_it_back() -> None:
    evaluator = open_evaluator()
    send(evaluator, -1900, 0.0, lag_s=0)
    assert monitoring(evaluator, -1700).has_data
    send(evaluator, 200, 300.0, lag_s=1850)
    assert monitoring(evaluator, 200).reason is NoDataReason.LATE
    send(evaluator, 260, 310.0, lag_s=1870)
    assert monitoring(evaluator, 260) == Monitoring(
        has_data=False, reason=NoDataReason.LATE, since=NOON + 200 * SECOND, lag_s=1870.0
    )
    send(evaluator, 320, 0.0, lag_s=0)
    assert monitoring(evaluator, 320).has_data


def test_a_late_gauge_beside_a_punctual_one_leaves_the_site_its_data() -> None:
    evaluator = open_evaluator()
    send(evaluator, 0, 0.0, lag_s=0, gauge="G2")
    send(evaluator, 1, 300.0, lag_s=1850, gauge="G1")
    assert monitoring(evaluator, 2).has_data
    assert monitoring(evaluator, 2, gauge="G1").reason is NoDataReason.LATE
    assert monitoring(evaluator, 2, gauge="G2").has_data


def test_old_readings_behind_newer_ones_take_no_data_away() -> None:
    """A backlog, and a gauge whose every other reading comes late, while the punctual ones are newer."""
    evaluator = open_evaluator()
    for second in range(0, 600, 10):
        send(evaluator, second, 0.0, lag_s=1850 if second % 20 else 0)
        assert monitoring(evaluator, second).has_data


def test_a_late_reading_without_a_depth_changes_nothing() -> None:
    evaluator = open_evaluator()
    send(evaluator, 0, 0.0, lag_s=0)
    send(evaluator, 300, None, lag_s=1850)
    assert monitoring(evaluator, 300).has_data


def test_a_late_reading_behind_one_that_waits_changes_nothing() -> None:
    evaluator = open_evaluator(wait_s=60)
    send(evaluator, 0, 0.0, lag_s=0)
    send(evaluator, 100, 0.0, lag_s=0)
    send(evaluator, 101, 300.0, lag_s=1901)
    assert monitoring(evaluator, 101).has_data


def test_the_notice_comes_after_a_minute_and_names_the_lag() -> None:
    evaluator = open_evaluator()
    found = []
    for second in range(0, 100, 5):
        late = sample(second - 1850, 300.0)
        found += [(second, notice) for notice in notices_of(evaluator, late, NOON + second * SECOND)]
    [(second, notice)] = found
    assert second in (60, 65)
    assert notice.kind is SiteNoticeKind.MONITORING_LOST
    zh, en = monitoring_text(notice, SITE)
    assert "G1数据迟到或时钟偏慢（1850秒）" in zh
    assert "G1 data late or clock slow (1850 s)" in en


def test_a_record_keeps_late_gauges_across_a_restart() -> None:
    evaluator = open_evaluator()
    send(evaluator, 0, 300.0, lag_s=1850)
    kept = SiteRecord.from_json(evaluator.record("S").to_json())
    again = open_evaluator()
    again.restore({"S": kept})
    assert monitoring(again, 5) == monitoring(evaluator, 5)


@given(
    lag_s=st.integers(0, 3000),
    interval_s=st.integers(5, 600),
    dry=st.integers(0, 5),
    drift=st.sampled_from((0.0, 0.05, 0.2)),
    share=st.integers(1, 3),
)
def test_at_every_moment_warned_or_no_data_or_below_the_thresholds(
    lag_s: int, interval_s: int, dry: int, drift: float, share: int
) -> None:
    """For any lag, constant, growing or of every second or third reading; also before and after a clock goes wrong."""
    evaluator = open_evaluator()
    arrived: list[WaterReading] = []
    depth_mm = 0.0
    for number in range(dry + 40):
        is_late = number >= dry and number % share == 0
        lag = (lag_s + drift * interval_s * (number - dry)) if is_late else 0
        if number >= dry:
            depth_mm += 12.0
        second = number * interval_s
        one = sample(second - lag, depth_mm)
        arrived.append(one)
        evaluator.process_and_commit(one, NOON + second * SECOND)
        for moment in (second, second + interval_s / 2):
            assert _is_honest(evaluator, arrived, moment), (number, lag, moment)


def _is_honest(evaluator: Evaluator, arrived: Sequence[WaterReading], second: float) -> bool:
    """Return whether nothing stands hidden; a jump waits for its second sample, which this test leaves to others."""
    state = evaluator.record("S").state
    shown = max(arrived, key=lambda one: one.time)
    is_below = (shown.depth_mm or 0.0) < min(threshold.depth_mm for threshold in SITE.profile.thresholds.values())
    has_pending_jump = any(gauge.pending_jump is not None for gauge in state.gauges.values())
    is_known = is_below or state.level > Level.NONE or has_pending_jump
    return is_known or not monitoring(evaluator, second).has_data
