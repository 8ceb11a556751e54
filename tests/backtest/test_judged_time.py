"""For what share of the time a site could be judged."""

import pytest

from rencheng.backtest.input_rows import Row
from rencheng.backtest.judged_time import JudgedTime, judged_text
from rencheng.backtest.replay import judge_and_notice
from rencheng.domain.site import Site
from tests.support.gauge_play import at, site

SITES: dict[str, Site] = {one.site_id: one for one in (site("A", "G1", world="drill"), site("B", "G2", world="drill"))}


def share_of(*rows: tuple[float, str, float | None], site_id: str | None = None) -> float | None:
    judged_time = JudgedTime()
    depths = [Row(at(minute), gauge, depth_mm) for minute, gauge, depth_mm in sorted(rows, key=lambda row: row[:2])]
    list(judge_and_notice(SITES, depths, observe=judged_time.note))
    return judged_time.share(site_id)


def test_a_gauge_that_reports_in_time_is_judged_all_the_time() -> None:
    assert share_of(*((minute, "G1", 0.0) for minute in range(60))) == 1.0


def test_from_its_longest_silence_on_a_site_is_not_judged() -> None:
    rows = [*((minute, "G1", 0.0) for minute in range(10)), (109.0, "G1", 0.0)]

    assert share_of(*rows) == pytest.approx((9 + 15) / 109)


def test_a_report_without_a_depth_is_no_data() -> None:
    depths = [(minute, "G1", 0.0) for minute in range(10)]
    empty = [(minute, "G1", None) for minute in range(10, 110)]

    assert share_of(*depths, *empty) == pytest.approx((9 + 15) / 109)


def test_the_end_of_the_recording_counts_for_every_site() -> None:
    rows = [(0.0, "G1", 0.0), (1.0, "G1", 0.0), *((minute, "G2", 0.0) for minute in range(101))]

    assert share_of(*rows, site_id="A") == pytest.approx((1 + 15) / 100)
    assert share_of(*rows, site_id="B") == 1.0
    assert share_of(*rows) == pytest.approx((16 + 100) / 200)


def test_a_gauge_at_fault_is_not_judged() -> None:
    pulses = [(float(minute), "G1", 700.0 if minute % 4 else 0.0) for minute in range(200)]

    assert 0.05 < (share_of(*pulses) or 0.0) < 0.4


def test_the_share_has_one_decimal() -> None:
    assert judged_text(0.9339) == "judged 93.4 % of the time"
    assert judged_text(share_of()) == "never judged"
