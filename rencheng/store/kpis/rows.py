"""The rows behind each key figure of a month, from the tables and hourly rollups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from rencheng.domain.device import ACTUAL
from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.domain.region import code_prefix
from rencheng.domain.sensor import DRY_BELOW_MM
from rencheng.kpi.catalogue import HAS_DATA_SHARE
from rencheng.kpi.figures import KpiRow, margin_rows, time_rows
from rencheng.response.reports.chain import Report
from rencheng.store.core.database import database_now
from rencheng.store.kpis.statements import STATEMENTS
from rencheng.store.registry.bindings import bound_sensors
from rencheng.store.reports.event_facts import LOOK_BACK
from rencheng.store.schema.granularity import Granularity


@dataclass(frozen=True, slots=True)
class KpiQuestion:
    """A month, a world and a place.

    Attributes:
        begins, ends: the month in the city.
        region: the district, city or province; None: all.
        reach: the part of the platform that the caller may read.
    """

    begins: datetime
    ends: datetime
    world: str = ACTUAL
    region: str | None = None
    reach: Reach = EVERYWHERE


def kpi_rows(connection: Connection, kpi_id: str, question: KpiQuestion) -> list[KpiRow]:
    """Return the rows behind a key figure, in order of district and name."""
    given = question_parameters(connection, question)
    if kpi_id in STATEMENTS:
        statement = text(f"WITH bound AS ({bindings_sql(connection)}) {STATEMENTS[kpi_id]}")
        rows = [KpiRow(*each) for each in connection.execute(statement, given)]
    elif kpi_id == "closed_before_water":
        rows = margin_rows(_reported(connection, given))
    else:
        rows = time_rows(kpi_id, _reported(connection, given))
    return sorted(rows, key=lambda each: (each.region, each.row))


def bindings_sql(connection: Connection) -> str:
    """Return the SQL of all bindings of devices to sites, those of retired devices as well."""
    query = select(bound_sensors(also_retired=True))
    return str(query.compile(connection, compile_kwargs={"literal_binds": True}))


def question_parameters(connection: Connection, question: KpiQuestion) -> dict[str, Any]:
    """Return the parameters of all statements. `since` and `until` bound the hours that are counted."""
    given: dict[str, Any] = {
        "world": question.world,
        "begins": question.begins,
        "ends": question.ends,
        "asked": [f"{code_prefix(question.region)}%" if question.region else "%"],
        "reach": [f"{code_prefix(code)}%" for code in question.reach.regions] or ["%"],
        "unusable": int(UNUSABLE),
        "dry_mm": DRY_BELOW_MM,
        "look_back": LOOK_BACK,
        "has_data": HAS_DATA_SHARE,
        "month_s": (question.ends - question.begins).total_seconds(),
    }
    if question.world == ACTUAL:
        now = Granularity.HOUR.floor(database_now(connection))
        return given | {"since": question.begins, "until": max(question.begins, min(question.ends, now))}
    first, last = connection.execute(_HOURS_OF_EXERCISE, given).one()
    begins = question.begins
    return given | {"since": first or begins, "until": last + Granularity.HOUR.width if last else begins}


_HOURS_OF_EXERCISE = text("""
SELECT min(bucket), max(bucket) FROM waterlogging_1h JOIN devices USING (device_id)
WHERE world = :world AND bucket >= :begins AND bucket < :ends
""")
"""The clock of an exercise is that of its readings, so its hours are those with readings."""

Reported = list[tuple[str, str, int, Report | None]]


def _reported(connection: Connection, given: Mapping[str, Any]) -> Reported:
    return [
        (row.region, row.warning_id, row.peak_level, None if row.moments is None else _report(row))
        for row in connection.execute(_REPORTED, given)
    ]


def _report(row: Any) -> Report:  # noqa: ANN401 - a row of SQL
    return {
        "moments": row.moments,
        "closing": row.closing,
        "peak_level": row.peak_level,
        "measures": {"margin": row.margin},
        "water": {"peak_mm": row.peak_mm},
    }


_REPORTED = text("""
SELECT s.region, w.warning_id, w.peak_level, r.document -> 'moments' AS moments, r.document -> 'closing' AS closing,
    r.document -> 'measures' -> 'margin' AS margin, r.document -> 'water' -> 'peak_mm' AS peak_mm
FROM warnings AS w JOIN sites AS s USING (site_id) LEFT JOIN LATERAL (
    SELECT document FROM event_reports WHERE warning_id = w.warning_id ORDER BY version DESC LIMIT 1) AS r ON true
WHERE w.world = :world AND w.opened_at >= :begins AND w.opened_at < :ends
    AND s.region LIKE ANY(:asked) AND s.region LIKE ANY(:reach)
""")
