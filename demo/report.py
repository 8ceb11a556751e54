"""The report: one row for each level that a warning reached, with its lead time and CAP file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from demo.city import DemoCity
from demo.hydrograph import MessageMark
from demo.reading_balance import ReadingBalance
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.site import Site
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.readings.gauge_readings import first_reached, readings_since
from rencheng.store.warnings.log import WarningFilters, cap_of, events_of, list_warnings

WARNINGS_MAX = 1000

Samples = list[tuple[datetime, float]]


@dataclass(frozen=True)
class WarningRow:
    """A level that a warning reached for the first time.

    Attributes:
        lead_s: event time from the message to the first stored sample at the level's threshold; None if the water did
            not reach it, negative if the message was late.
        cap_file: the message as CAP 1.2, relative to the repository.
    """

    site_id: str
    site: str
    flood_class: str
    warning_id: str
    level: str
    rule: str
    issued_at: datetime
    crossed_at: datetime | None
    lead_s: float | None
    cap_file: str


def collect(connection: Connection, city: DemoCity, world: str, *, cap_folder: Path, root: Path) -> list[WarningRow]:
    """Return all rows of a run, and write the CAP file of every message."""
    cap_folder.mkdir(parents=True, exist_ok=True)
    for old in cap_folder.glob("*.xml"):
        old.unlink()
    warnings = sorted(list_warnings(connection, WarningFilters(world=world), limit=WARNINGS_MAX), key=_opened)
    sites = {site.site_id: site for site in city.sites}
    over: dict[str, datetime] = {}
    rows: list[WarningRow] = []
    for warning in warnings:
        site, events = sites[warning["site_id"]], events_of(connection, warning["warning_id"])
        files = {event["identifier"]: cap_folder / f"{event['identifier']}.xml" for event in events}
        for event in events:
            cap = cap_of(connection, warning["warning_id"], event["sequence"])
            files[event["identifier"]].write_text(cap or "", encoding="utf-8")
        until = warning["closed_at"] or city.ends_at
        since = over.get(site.site_id, city.begins_at)
        for event, level in _first_reached_levels(events):
            crossed_at = first_reached(
                connection, [f"{site.site_id}-gauge"], site.profile.depth_mm(level), since=since, until=until
            )
            cap_file = str(files[event["identifier"]].relative_to(root))
            rows.append(_row(site, city, event, level, crossed_at, cap_file))
        over[site.site_id] = until
    return rows


def _opened(warning: Row) -> tuple[datetime, str]:
    return warning["opened_at"], warning["warning_id"]


def _first_reached_levels(events: Sequence[Row]) -> Iterator[tuple[Row, Level]]:
    highest = Level.NONE
    for event in events:
        level = Level(event["level"])
        if event["message_type"] != "Cancel" and level > highest:
            highest = level
            yield event, level


def _row(
    site: Site, city: DemoCity, event: Row, level: Level, crossed_at: datetime | None, cap_file: str
) -> WarningRow:
    return WarningRow(
        site_id=site.site_id,
        site=site.name_zh,
        flood_class=city.flood_class_of[site.site_id],
        warning_id=event["warning_id"],
        level=level.word,
        rule=event["document"]["grounds"]["rule"],
        issued_at=event["issued_at"],
        crossed_at=crossed_at,
        lead_s=(crossed_at - event["issued_at"]).total_seconds() if crossed_at else None,
        cap_file=cap_file,
    )


def plot_data(
    connection: Connection, city: DemoCity, world: str
) -> tuple[dict[str, Samples], dict[str, list[MessageMark]]]:
    """Return the gauge's samples and the messages, by site, for the hydrographs."""
    site_of = {f"{site.site_id}-gauge": site.site_id for site in city.sites}
    samples: dict[str, Samples] = {site.site_id: [] for site in city.sites}
    for reading, _ in readings_since(connection, dict.fromkeys(site_of, city.begins_at)):
        if reading.depth_mm is not None:
            samples[site_of[reading.device_id]].append((reading.time, reading.depth_mm))
    marks: dict[str, list[MessageMark]] = {site.site_id: [] for site in city.sites}
    for warning in sorted(list_warnings(connection, WarningFilters(world=world), limit=WARNINGS_MAX), key=_opened):
        for event in events_of(connection, warning["warning_id"]):
            level = Level.NONE if event["message_type"] == "Cancel" else Level(event["level"])
            marks[warning["site_id"]].append(
                MessageMark(event["issued_at"], level, event["document"]["grounds"]["rule"])
            )
    return samples, marks


def write_json(path: Path, balance: ReadingBalance, rows: Sequence[WarningRow], more: dict[str, object]) -> None:
    """Write the report as JSON."""
    report = asdict(balance) | more | {"warnings": [asdict(row) for row in rows]}
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2, default=_plain) + "\n", encoding="utf-8")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def show(console: Console, balance: ReadingBalance, rows: Sequence[WarningRow]) -> None:
    """Print the report."""
    table = Table("site", "name", "flood", "level", "rule", "issued", "lead", title="Warnings 预警", box=None)
    for row in rows:
        issued = f"{row.issued_at.astimezone(CITY_ZONE):%H:%M:%S}"
        style = {"orange": "dark_orange"}.get(row.level, row.level)
        lead = "not reached" if row.lead_s is None else f"{row.lead_s / 60:+.1f} min"
        table.add_row(row.site_id, row.site, row.flood_class, f"[{style}]{row.level}[/]", row.rule, issued, lead)
    console.print(table)
    for flood_class in sorted({row.flood_class for row in rows}):
        leads = [row.lead_s for row in rows if row.flood_class == flood_class and row.lead_s is not None]
        never = sum(row.flood_class == flood_class and row.lead_s is None for row in rows)
        if leads:
            console.print(
                f"{flood_class}: median lead {median(leads) / 60:.1f} min over {len(leads)} crossings;"
                f" {never} forecast levels were not reached"
            )
    console.print(
        f"published {balance.published} = stored {balance.stored} + duplicate {balance.duplicate}"
        f" + quarantined {balance.quarantined} + in flight {balance.in_flight}; rows found by SQL: {balance.rows}"
    )
