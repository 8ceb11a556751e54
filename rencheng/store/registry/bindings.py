"""The bindings of devices to sites: a device's own site, and further devices that a site names."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Subquery,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.errors import NotPossible
from rencheng.domain.sensor import ROLES_OF_KIND, BoundSensor, Role
from rencheng.domain.site import Site
from rencheng.store.schema.tables import devices, site_sensors, sites

_OF_ROLE = ("lag_s", "crown_mm", "rim_mm")
_COLUMNS = ("site_id", "device_id", "role", "lowest_point_height_mm", *_OF_ROLE)


def bound_sensors(*, also_retired: bool = False) -> Subquery:
    """Return the subquery of all bindings: site_id and the fields of a `BoundSensor`.

    A device's own site (`devices.site_id`) wins over other sites that name it, because a depth gauge serves one site.
    Excluded are devices of another world, devices whose kind does not fit their role, and unregistered devices. Pumps
    may be unregistered, because they send nothing. Retired devices are excluded unless requested.
    """
    usual = case({kind.value: roles[0].value for kind, roles in ROLES_OF_KIND.items()}, value=devices.c.kind)
    role = func.coalesce(site_sensors.c.role, usual)
    height_mm = func.coalesce(site_sensors.c.lowest_point_height_mm, literal(0.0))
    serves = true() if also_retired else devices.c.retired_at.is_(None)
    own = (
        select(
            devices.c.site_id,
            devices.c.device_id,
            role.label("role"),
            height_mm.label("lowest_point_height_mm"),
            *(site_sensors.c[name] for name in _OF_ROLE),
        )
        .join(sites, and_(sites.c.site_id == devices.c.site_id, sites.c.world == devices.c.world))
        .outerjoin(
            site_sensors,
            and_(site_sensors.c.site_id == devices.c.site_id, site_sensors.c.device_id == devices.c.device_id),
        )
        .where(serves)
    )
    fits = or_(
        *(
            and_(devices.c.kind == kind.value, site_sensors.c.role.in_([role.value for role in roles]))
            for kind, roles in ROLES_OF_KIND.items()
        )
    )
    elsewhere = (
        select(*(site_sensors.c[name] for name in _COLUMNS))
        .join(sites, sites.c.site_id == site_sensors.c.site_id)
        .outerjoin(devices, devices.c.device_id == site_sensors.c.device_id)
        .where(
            or_(
                and_(site_sensors.c.role == Role.PUMP.value, devices.c.site_id.is_distinct_from(sites.c.site_id)),
                and_(devices.c.world == sites.c.world, serves, fits, _may_serve()),
            )
        )
    )
    return union_all(own, elsewhere).subquery("bound")


def sensors_by_site(
    connection: Connection, site_ids: Sequence[str] | None = None
) -> Mapping[str, tuple[BoundSensor, ...]]:
    """Return the sensors of each site, or of each of these sites, in order of the devices' names."""
    bound = bound_sensors()
    query = select(bound).order_by(bound.c.device_id)
    if site_ids is not None:
        query = query.where(bound.c.site_id.in_(site_ids))
    found: dict[str, list[BoundSensor]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.site_id].append(_as_sensor(row))
    return {site_id: tuple(sensors) for site_id, sensors in found.items()}


def depth_gauges(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return the depth gauges in service of each site that has any."""
    bound = bound_sensors()
    query = (
        select(bound.c.site_id, func.array_agg(bound.c.device_id).label("device_ids"))
        .where(bound.c.role == Role.DEPTH.value)
        .group_by(bound.c.site_id)
    )
    return {row.site_id: tuple(sorted(row.device_ids)) for row in connection.execute(query)}


def unregistered_sensors(connection: Connection, site_ids: Sequence[str]) -> dict[str, tuple[BoundSensor, ...]]:
    """Return, by site, the sensors that it names and that are not registered yet. Pumps are no such sensors."""
    columns = [site_sensors.c[name] for name in _COLUMNS]
    is_registered = select(devices.c.device_id).where(devices.c.device_id == site_sensors.c.device_id).exists()
    query = select(*columns).where(site_sensors.c.site_id.in_(site_ids), ~is_registered)
    found: dict[str, list[BoundSensor]] = defaultdict(list)
    for row in connection.execute(query.where(site_sensors.c.role != Role.PUMP.value)):
        found[row.site_id].append(_as_sensor(row))
    return {site_id: tuple(sensors) for site_id, sensors in found.items()}


def named_devices(connection: Connection, site_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return, by site, the devices that are bound to it, also unregistered ones, without retired ones."""
    own = select(devices.c.site_id, devices.c.device_id).where(devices.c.site_id.in_(site_ids))
    own = own.where(devices.c.retired_at.is_(None))
    named = select(site_sensors.c.site_id, site_sensors.c.device_id).where(site_sensors.c.site_id.in_(site_ids))
    named = named.where(site_sensors.c.device_id.not_in(_RETIRED))
    found: dict[str, list[str]] = defaultdict(list)
    for site_id, device_id in connection.execute(own.union(named)):
        found[site_id].append(device_id)
    return {site_id: tuple(sorted(device_ids)) for site_id, device_ids in found.items()}


def bind(connection: Connection, site: Site) -> None:
    """Bind the sensors that the site names, with role and height. Existing bindings stay.

    Raises:
        NotPossible: one of its depth gauges serves another site.
    """
    _reject_shared_gauges(connection, site)
    if not site.sensors:
        return
    statement = insert(site_sensors)
    set_ = {name: statement.excluded[name] for name in ("role", "lowest_point_height_mm", *_OF_ROLE)}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["site_id", "device_id"], set_=set_),
        [
            {
                "site_id": site.site_id,
                "device_id": sensor.device_id,
                "role": sensor.role.value,
                "lowest_point_height_mm": sensor.lowest_point_height_mm,
                **{name: getattr(sensor, name) for name in _OF_ROLE},
            }
            for sensor in site.sensors
        ],
    )


def unbind(connection: Connection, site_id: str, device_id: str) -> bool:
    """Unbind a device from a site. Return False if it was not bound there."""
    of_site = and_(site_sensors.c.site_id == site_id, site_sensors.c.device_id == device_id)
    named = connection.execute(delete(site_sensors).where(of_site)).rowcount
    home = and_(devices.c.site_id == site_id, devices.c.device_id == device_id)
    return named + connection.execute(update(devices).where(home).values(site_id=None)).rowcount > 0


def unbind_missing(connection: Connection, site: Site) -> None:
    """Unbind the devices that the site does not name. Retired ones stay bound, because they have a history there."""
    named = [sensor.device_id for sensor in site.sensors]
    of_site = and_(site_sensors.c.site_id == site.site_id, site_sensors.c.device_id.not_in(named))
    connection.execute(delete(site_sensors).where(of_site, site_sensors.c.device_id.not_in(_RETIRED)))
    unlisted_devices = and_(devices.c.site_id == site.site_id, devices.c.device_id.not_in(named))
    unlisted_devices = and_(unlisted_devices, devices.c.retired_at.is_(None))
    connection.execute(update(devices).where(unlisted_devices).values(site_id=None))


def unregistered_devices(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return, by site, the devices that it names and that are not registered. Pumps are excluded."""
    query = (
        select(site_sensors.c.site_id, func.array_agg(site_sensors.c.device_id).label("device_ids"))
        .outerjoin(devices, devices.c.device_id == site_sensors.c.device_id)
        .where(devices.c.device_id.is_(None), site_sensors.c.role != Role.PUMP.value)
        .group_by(site_sensors.c.site_id)
    )
    return {row.site_id: tuple(sorted(row.device_ids)) for row in connection.execute(query)}


def _as_sensor(row: Row[Any]) -> BoundSensor:
    return BoundSensor(row.device_id, Role(row.role), row.lowest_point_height_mm, row.lag_s, row.crown_mm, row.rim_mm)


_RETIRED = select(devices.c.device_id).where(devices.c.retired_at.is_not(None))


def _may_serve() -> ColumnElement[bool]:
    """Return the condition that a device may serve another site. A depth gauge with a site of its own may not."""
    return or_(
        devices.c.site_id.is_(None),
        and_(devices.c.site_id != site_sensors.c.site_id, site_sensors.c.role != Role.DEPTH.value),
    )


def _reject_shared_gauges(connection: Connection, site: Site) -> None:
    own = select(devices.c.device_id, devices.c.site_id).where(devices.c.site_id.is_not(None))
    named = (
        select(site_sensors.c.device_id, site_sensors.c.site_id)
        .outerjoin(devices, devices.c.device_id == site_sensors.c.device_id)
        .where(site_sensors.c.role == Role.DEPTH.value, devices.c.site_id.is_(None))
    )
    claims = union_all(own, named).subquery()
    query = select(claims).where(claims.c.device_id.in_(site.depth_gauge_ids), claims.c.site_id != site.site_id)
    for row in connection.execute(query.order_by(claims.c.device_id).limit(1)):
        raise NotPossible(
            f"depth gauge {row.device_id} serves site {row.site_id}; it cannot serve {site.site_id} as well."
            f" Unbind it first: `rencheng site unbind {row.site_id} {row.device_id}`"
        )
