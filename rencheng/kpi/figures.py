"""Compute a key figure from its rows. A missing value is counted as missing; it is never 0."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rencheng.domain.level import Level
from rencheng.kpi.catalogue import KPIS, KpiKind
from rencheng.response.reports.chain import LINKS, Report, closes, link_seconds, percentile


@dataclass(frozen=True, slots=True)
class KpiRow:
    """A row behind a key figure.

    Attributes:
        region: the district of the object.
        row: the table and the key of the row.
        value: a share, a number or seconds; None is missing.
        months: of a rate, the part of the month for which the site was registered.
    """

    region: str
    row: str
    value: float | None
    months: float = 1.0


@dataclass(frozen=True, slots=True)
class KpiFigure:
    """A key figure of a region in a month.

    Attributes:
        region: the district; None is all together.
        value: a share, a count or a rate; None if no row has a value, and of times.
        n: the number of rows with a value.
        missing: the number of rows without one.
    """

    region: str | None
    value: float | None
    p50_s: float | None
    p90_s: float | None
    n: int
    missing: int


def figures_of(kpi_id: str, rows: Sequence[KpiRow]) -> list[KpiFigure]:
    """Return the figure of all rows together, then that of each district."""
    kind = KPIS[kpi_id].kind
    regions = sorted({each.region for each in rows})
    by_region = [_figure(kind, region, [each for each in rows if each.region == region]) for region in regions]
    return [_figure(kind, None, rows), *by_region]


def _figure(kind: KpiKind, region: str | None, rows: Sequence[KpiRow]) -> KpiFigure:
    known = [each for each in rows if each.value is not None]
    values = sorted(each.value for each in rows if each.value is not None)
    value = p50 = p90 = None
    if kind is KpiKind.COUNT:
        value = float(len(rows))
    elif kind is KpiKind.SECONDS:
        p50, p90 = percentile(values, 0.5), percentile(values, 0.9)
    elif kind is KpiKind.SHARE:
        value = sum(values) / len(values) if values else None
    else:
        months = sum(each.months for each in known)
        value = sum(values) / months if months > 0 else None
    return KpiFigure(region, value, p50, p90, len(known), len(rows) - len(known))


def time_rows(kpi_id: str, warnings: Iterable[tuple[str, str, int, Report | None]]) -> list[KpiRow]:
    """Return the rows of a time between two moments.

    Args:
        kpi_id: a key figure with a link.
        warnings: region, id, peak level and newest event report of each warning.
    """
    link = KPIS[kpi_id].link
    assert link is not None  # noqa: S101 - for the type checker
    by_plan = bool({"closed", "reopened"} & set(LINKS[link][1]))
    return [
        KpiRow(region, f"warnings {warning_id}", None if report is None else link_seconds(report, link))
        for region, warning_id, level, report in warnings
        if level >= Level.YELLOW and (report is None or closes(report) or not by_plan)
    ]


def margin_rows(warnings: Iterable[tuple[str, str, int, Report | None]]) -> list[KpiRow]:
    """Return whether each place was closed before the water, by warning; see `time_rows`."""
    return [
        KpiRow(region, f"warnings {warning_id}", None if report is None else _was_in_time(report))
        for region, warning_id, level, report in warnings
        if level >= Level.YELLOW and (report is None or (closes(report) and not _stayed_below(report)))
    ]


def _was_in_time(report: Report) -> float | None:
    seconds: float | None = report["measures"]["margin"]["seconds"]
    return None if seconds is None else float(seconds > 0)


def _stayed_below(report: Report) -> bool:
    water: dict[str, Any] = report["water"]
    return report["moments"]["water"] is None and water["peak_mm"] is not None
