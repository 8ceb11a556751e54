"""Key figures of rows: each row counts once, as known or as missing; a missing value changes no figure."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.kpi.catalogue import KPIS, KpiKind
from rencheng.kpi.figures import KpiRow, figures_of, margin_rows
from rencheng.kpi.forms import kpi_csv, kpi_page

rows = st.lists(
    st.builds(
        KpiRow,
        st.sampled_from(["370102", "370104"]),
        st.just("devices g1"),
        st.none() | st.floats(0, 1),
        st.floats(0.01, 1),
    )
)


@given(st.sampled_from(list(KPIS)), rows)
def test_a_figure_is_that_of_the_rows_with_a_value(kpi_id: str, given_rows: Sequence[KpiRow]) -> None:
    everything, *districts = figures_of(kpi_id, given_rows)
    known = [each for each in given_rows if each.value is not None]
    values = [each.value for each in given_rows if each.value is not None]
    assert (everything.n, everything.missing) == (len(known), len(given_rows) - len(known))
    assert [each.region for each in districts] == sorted({each.region for each in given_rows})
    assert sum(each.n for each in districts) == everything.n
    kind = KPIS[kpi_id].kind
    if kind is KpiKind.COUNT:
        assert everything.value == len(given_rows)
    elif not known:
        assert (everything.value, everything.p50_s, everything.p90_s) == (None, None, None)
    elif kind is KpiKind.SECONDS:
        assert {everything.p50_s, everything.p90_s} <= set(values)
    else:
        expected = mean(values) if kind is KpiKind.SHARE else sum(values) / sum(each.months for each in known)
        assert everything.value == pytest.approx(expected)


def test_water_below_the_closing_threshold_is_not_counted_and_a_closing_that_is_not_on_record_is_missing() -> None:
    def report(seconds: float | None, water: str | None, peak_mm: float | None) -> dict[str, object]:
        closing = {"level": "orange", "depth_mm": 200.0}
        moments = {"water": water and {"at": water}}
        measures = {"margin": {"seconds": seconds}}
        return {"peak_level": 4, "closing": closing, "moments": moments, "measures": measures} | {
            "water": {"peak_mm": peak_mm}
        }

    at = "2026-07-20T08:00:00+00:00"
    found = [
        ("370102", "early", 4, report(60.0, at, 300.0)),
        ("370102", "late", 4, report(-60.0, at, 300.0)),
        ("370102", "never closed", 4, report(None, at, 300.0)),
        ("370102", "no depths", 4, report(None, None, None)),
        ("370102", "stayed below", 4, report(None, None, 150.0)),
        ("370102", "no report", 4, None),
        ("370102", "blue", 1, None),
    ]
    values = {each.row.removeprefix("warnings "): each.value for each in margin_rows(found)}
    assert values == {"early": 1, "late": 0, "never closed": None, "no depths": None, "no report": None}


def test_the_forms_say_what_is_missing() -> None:
    figures = {kpi_id: figures_of(kpi_id, [KpiRow("370102", "x", None)]) for kpi_id in KPIS}
    lines = list(csv.DictReader(StringIO(kpi_csv(figures, "2026-07", "drill"))))
    assert len(lines) == 2 * len(KPIS)
    assert {line["value"] for line in lines if KPIS[line["kpi"]].kind is not KpiKind.COUNT} == {""}
    page = kpi_page(figures, "2026-07", "drill", datetime(2026, 7, 31, tzinfo=UTC))
    assert "无记录" in page
    assert "演练" in page
    assert "script" not in page


def test_the_reference_defines_every_figure() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/key-figures.md").read_text()
    for kpi_id, one in KPIS.items():
        row = (
            f"| `{kpi_id}` | {one.name_zh} {one.name_en} | {one.kind.value} | {one.rows} {one.rows_zh} | {one.source} |"
        )
        assert row in page
