"""The latest values of many devices in one query.

For each device of the list, in order of names, the newest reading is taken from the index of its newest chunk:

    SELECT ... FROM devices
    LEFT JOIN LATERAL (SELECT time, received_at FROM waterlogging_readings WHERE device_id = devices.device_id
                       AND time > :since ORDER BY time DESC LIMIT 1) newest ON true
    LEFT JOIN LATERAL (SELECT DISTINCT ON (channel) ... WHERE time > newest.time - :together ...) latest ON true
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, literal, null, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.selectable import LateralFromClause

from rencheng.domain.kind import Kind
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import in_region, within
from rencheng.store.history.raw import LATEST_BY, TABLES
from rencheng.store.schema.tables import device_states, devices

TOGETHER = timedelta(hours=1)
"""Values of a device this much older than its newest reading are left out. Proposal: an interval in dry weather."""

_ABOUT = ("device_id", "kind", "region", "world", "site_id", "name", "latitude", "longitude")


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A box of WGS-84 degrees, in the order of GeoJSON (RFC 7946)."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class CityFilters:
    """Which devices; None matches all. Retired devices are left out.

    Attributes:
        kind: the kind of the devices.
        world: their world.
        region: a district, a city or a province.
        site_ids: devices that stand at one of these sites; empty: all.
        box: devices inside it; devices of unknown position are outside.
        changed_since: devices whose newest reading was received at this time or later.
        reach: of the caller.
    """

    kind: Kind
    world: str
    region: str | None = None
    site_ids: Sequence[str] = ()
    box: BoundingBox | None = None
    changed_since: datetime | None = None
    reach: Reach = EVERYWHERE


def city_latest(
    connection: Connection, filters: CityFilters, *, since: datetime, after: str | None, limit: int
) -> list[tuple[Row, list[Row]]]:
    """Return devices in order of names, each with its latest values; none if it has none after `since`."""
    table = TABLES[filters.kind]
    newest = _newest(filters.kind, since)
    chosen = (
        select(*(devices.c[name] for name in _ABOUT), device_states.c.online, newest.c.time.label("newest"))
        .outerjoin(device_states, device_states.c.device_id == devices.c.device_id)
        .outerjoin(newest, true())
        .where(*_conditions(filters, newest, after))
        .order_by(devices.c.device_id)
        .limit(limit)
        .subquery("chosen")
    )
    values = _values(filters.kind, chosen.c.device_id, chosen.c.newest, since)
    columns = [column.label(f"value_{name}") for name, column in values.c.items()]
    query = (
        select(chosen, *columns).outerjoin(values, true()).order_by(chosen.c.device_id, *_order(filters.kind, values))
    )
    names = {f"value_{column.name}": column.name for column in table.c}
    return list(_by_device(connection.execute(query).mappings().all(), names))


def _newest(kind: Kind, since: datetime) -> LateralFromClause:
    table = TABLES[kind]
    query = select(table.c.time, table.c.received_at).where(table.c.device_id == devices.c.device_id)
    return query.where(table.c.time > since).order_by(table.c.time.desc()).limit(1).lateral("newest")


def _values(kind: Kind, device_id: Any, newest: Any, since: datetime) -> LateralFromClause:  # noqa: ANN401 - columns
    table = TABLES[kind]
    query: Select[Any] = select(table).where(table.c.device_id == device_id, table.c.time > since)
    if kind is Kind.SIGNAL:
        query = query.where(table.c.time == newest).order_by(table.c.event_id, table.c.parameter).limit(1)
    else:
        columns = LATEST_BY[kind]
        query = query.where(table.c.time > newest - literal(TOGETHER), table.c.time <= newest)
        query = query.ext(distinct_on(*columns)).order_by(*columns, table.c.time.desc())
    return query.lateral("latest")


def _order(kind: Kind, values: LateralFromClause) -> list[Any]:
    return [values.c[column.name] for column in LATEST_BY.get(kind, ())]


def _conditions(filters: CityFilters, newest: LateralFromClause, after: str | None) -> list[Any]:
    conditions: list[Any] = [
        devices.c.kind == filters.kind.value,
        devices.c.world == filters.world,
        devices.c.retired_at.is_(null()),
        within(filters.reach, devices.c.region, devices.c.world),
    ]
    if filters.region is not None:
        conditions.append(in_region(devices.c.region, filters.region))
    if filters.site_ids:
        conditions.append(devices.c.site_id.in_(filters.site_ids))
    if (box := filters.box) is not None:
        inside: ColumnElement[bool] = devices.c.longitude.between(box.west, box.east)
        if box.west > box.east:  # it crosses the 180th meridian
            inside = or_(devices.c.longitude >= box.west, devices.c.longitude <= box.east)
        conditions.append(and_(inside, devices.c.latitude.between(box.south, box.north)))
    if filters.changed_since is not None:
        conditions.append(newest.c.received_at >= filters.changed_since)
    if after is not None:
        conditions.append(devices.c.device_id > after)
    return conditions


def _by_device(rows: Sequence[Row], names: dict[str, str]) -> Iterator[tuple[Row, list[Any]]]:
    for _, group in groupby(rows, key=lambda row: row["device_id"]):
        of_device = list(group)
        measured = of_device if of_device[0]["value_time"] is not None else []
        yield of_device[0], [{name: row[label] for label, name in names.items()} for row in measured]
