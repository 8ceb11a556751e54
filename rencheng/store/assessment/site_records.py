"""Read what is on record about each site: the year before a moment, and its last 30 days."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from rencheng.assessment.risk import SiteRecordOfYear
from rencheng.domain.reach import Reach
from rencheng.domain.site import SiteType
from rencheng.store.kpis.rows import KpiQuestion, bindings_sql, kpi_rows, question_parameters

YEAR, LAST_DAYS = timedelta(days=365), timedelta(days=30)


def site_records(
    connection: Connection, now: datetime, *, world: str, region: str | None, reach: Reach
) -> list[SiteRecordOfYear]:
    """Return the records of all sites of a world and region within the reach."""
    year = KpiQuestion(now - YEAR, now, world, region, reach)
    given = question_parameters(connection, year)
    sites = connection.execute(text(f"WITH bound AS ({bindings_sql(connection)}) {_SITES}"), given).mappings()
    recent = KpiQuestion(now - LAST_DAYS, now, world, region, reach)
    judged = {each.row.removeprefix("sites "): each.value for each in kpi_rows(connection, "judged_time", recent)}
    closings: dict[str, list[float | None]] = defaultdict(list)
    site_of = {row.warning_id: row.site_id for row in connection.execute(_WARNED, given)}
    for each in kpi_rows(connection, "closed_before_water", year):
        closings[site_of[each.row.removeprefix("warnings ")]].append(each.value)
    return [_record(dict(row), judged.get(row["site_id"]), tuple(closings[row["site_id"]])) for row in sites]


def _record(row: dict[str, Any], judged: float | None, in_time: tuple[float | None, ...]) -> SiteRecordOfYear:
    return SiteRecordOfYear(**row | {"site_type": SiteType(row["site_type"])}, judged=judged, in_time=in_time)


_WARNED = text("SELECT warning_id, site_id FROM warnings WHERE opened_at >= :begins AND opened_at < :ends")

_SITES = """
SELECT s.site_id, s.name_zh, s.name_en, s.site_type, s.region, s.closing_time_s,
    CAST(s.profile ->> 'horizon_s' AS double precision) AS horizon_s,
    CAST(s.profile -> 'thresholds' -> 'red' ->> 'depth_mm' AS double precision) AS red_mm,
    b.gauges, b.pumps, p.failed AS pumps_failed, w.warnings, w.without_tasks, d.deepest_mm
FROM sites AS s
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE b.role = 'depth' AND d.retired_at IS NULL) AS gauges,
        count(*) FILTER (WHERE b.role = 'pump') AS pumps
    FROM bound AS b LEFT JOIN devices AS d USING (device_id) WHERE b.site_id = s.site_id) AS b
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'failed') AS failed FROM (
        SELECT DISTINCT ON (pump) state FROM pump_reports AS p
        WHERE p.site_id = s.site_id AND begins_at <= :ends AND ends_at > :ends ORDER BY pump, begins_at DESC) AS p) AS p
CROSS JOIN LATERAL (SELECT count(*) AS warnings, count(*) FILTER (WHERE NOT EXISTS (
            SELECT FROM incidents AS i WHERE i.warning_id = w.warning_id)) AS without_tasks
    FROM warnings AS w WHERE w.site_id = s.site_id AND w.peak_level >= 2
        AND w.opened_at >= :begins AND w.opened_at < :ends) AS w
CROSS JOIN LATERAL (SELECT max(CASE WHEN h.depth_mm_max > :dry_mm
            THEN h.depth_mm_max + b.lowest_point_height_mm ELSE h.depth_mm_max END) AS deepest_mm
    FROM bound AS b JOIN waterlogging_1h AS h USING (device_id)
    WHERE b.site_id = s.site_id AND b.role = 'depth' AND h.bucket >= :since AND h.bucket < :until) AS d
WHERE s.world = :world AND s.region LIKE ANY(:asked) AND s.region LIKE ANY(:reach)
ORDER BY s.site_id
"""
