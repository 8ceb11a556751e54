"""Pump states and tide tables of sites: saved, read while they may count, and deleted soon after they expire."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.device import ACTUAL
from rencheng.domain.waterworks import TIDE_NEAR_S, HighWater, PumpReport, PumpState, Waterworks
from rencheng.store.schema.tables import sites
from rencheng.store.schema.waterworks_tables import high_waters, pump_reports

KEPT_FOR = timedelta(days=3)
"""An expired report explains a warning for as long as a settled doubt is shown."""

REPORTS_MAX = 20_000
"""The most rows that are read of each kind, the newest first."""


def save_pump_report(connection: Connection, report: PumpReport) -> None:
    """Save the state of a pump. A report of the same moment is replaced."""
    values = {
        "site_id": report.site_id,
        "pump": report.pump,
        "state": report.state.value,
        "begins_at": _moment(report.from_s),
        "ends_at": _moment(report.until_s),
    }
    query = insert(pump_reports).values(values)
    changed = {"state": query.excluded.state, "ends_at": query.excluded.ends_at}
    connection.execute(query.on_conflict_do_update(index_elements=["site_id", "pump", "begins_at"], set_=changed))


def pump_report_before(connection: Connection, site_id: str, pump: str) -> tuple[str, datetime] | None:
    """Return the last known state of a pump, and until when it counts; None without one."""
    table = pump_reports
    query = select(table.c.state, table.c.ends_at).where(table.c.site_id == site_id, table.c.pump == pump)
    row = connection.execute(query.order_by(table.c.begins_at.desc()).limit(1)).one_or_none()
    return None if row is None else (row.state, row.ends_at)


def replace_high_waters(connection: Connection, site_id: str, source: str, tides: Sequence[HighWater]) -> int:
    """Replace the high waters of a site by those of a new table of the source. Return how many there were."""
    table = high_waters
    before = connection.execute(delete(table).where(table.c.site_id == site_id, table.c.source == source)).rowcount
    rows = {
        one.at_s: {"site_id": site_id, "source": source, "at": _moment(one.at_s), "depth_mm": one.depth_mm}
        for one in tides
    }
    connection.execute(insert(table), list(rows.values()))
    return before


def load_waterworks(
    connection: Connection, now: datetime, *, worlds: Iterable[str] | None = None
) -> dict[str, Waterworks]:
    """Return what may still count, by site; of exercises all.

    Args:
        connection: the database.
        now: the time of the world `actual`.
        worlds: only of these.
    """
    near = timedelta(seconds=TIDE_NEAR_S)
    is_wanted = sites.c.world.in_(list(worlds)) if worlds is not None else sites.c.world.is_not(None)
    pumps, tides = defaultdict[str, list[PumpReport]](list), defaultdict[str, list[HighWater]](list)
    table = pump_reports
    counts = or_(sites.c.world != ACTUAL, table.c.ends_at > now)
    query = select(table).join(sites, sites.c.site_id == table.c.site_id).where(counts, is_wanted)
    for row in connection.execute(query.order_by(table.c.begins_at.desc()).limit(REPORTS_MAX)):
        report = PumpReport(
            row.site_id, row.pump, PumpState(row.state), row.begins_at.timestamp(), row.ends_at.timestamp()
        )
        pumps[row.site_id].insert(0, report)
    table = high_waters
    counts = or_(sites.c.world != ACTUAL, table.c.at.between(now - near, now + 2 * near))
    query = select(table).join(sites, sites.c.site_id == table.c.site_id).where(counts, is_wanted)
    for row in connection.execute(query.order_by(table.c.at, table.c.source).limit(REPORTS_MAX)):
        tides[row.site_id].append(HighWater(row.site_id, row.at.timestamp(), row.depth_mm))
    return {name: Waterworks(tuple(pumps[name]), tuple(tides[name])) for name in {*pumps, *tides}}


def delete_old_waterworks(connection: Connection, now: datetime) -> int:
    """Delete what expired and was received three days ago or earlier, also of exercises. Return the number."""
    old = now - KEPT_FOR
    reports = connection.execute(
        delete(pump_reports).where(pump_reports.c.ends_at < old, pump_reports.c.received_at < old)
    ).rowcount
    return reports + connection.execute(delete(high_waters).where(high_waters.c.at < old)).rowcount


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
