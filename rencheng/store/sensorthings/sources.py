"""The SQL of each entity set. Every source that holds objects of the city is bound to the reach of the key."""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    column,
    extract,
    func,
    literal,
    literal_column,
    select,
    union_all,
    values,
)

from rencheng.domain.device import ACTUAL
from rencheng.domain.kind import Kind
from rencheng.domain.reach import Reach
from rencheng.store.core.within import within
from rencheng.store.history.raw import TABLES
from rencheng.store.schema.tables import device_states, devices, meter_values, regions, signal_events, sites
from rencheng.store.schema.tables import waterlogging_readings as gauges
from rencheng.store.sensorthings.catalogue import DEVICE_NAMES, STREAMS, ObservedStream

GEOJSON = "application/geo+json"
_UCUM = "http://unitsofmeasure.org/ucum.html#"

_LONGITUDE = func.coalesce(devices.c.longitude, sites.c.longitude)
_LATITUDE = func.coalesce(devices.c.latitude, sites.c.latitude)
_NAME = func.coalesce(func.nullif(devices.c.name, ""), devices.c.device_id)
_DESCRIPTION = case(
    *((devices.c.kind == kind.value, cast(name, Text)) for kind, name in DEVICE_NAMES.items()),
    else_=devices.c.kind,
)
_FEATURE = case(
    (devices.c.site_id.is_not(None), func.concat("site:", devices.c.site_id)),
    else_=func.concat("device:", devices.c.device_id),
)
_STREAMS = values(
    *(column(name, Text) for name in ("key", "kind", "name", "unit_name", "symbol", "observation_type")), name="streams"
).data([(s.key, s.kind.value, s.name, s.unit_name, s.symbol, s.observation_type) for s in STREAMS])
_PART: dict[Kind, ColumnElement[str]] = {
    Kind.WATERLOGGING: cast(gauges.c.channel, Text),
    Kind.SIGNAL: func.concat(signal_events.c.event_id, ".", signal_events.c.parameter),
    Kind.CHARGING: func.concat_ws(
        ",", meter_values.c.connector_id, meter_values.c.measurand, meter_values.c.transaction_id
    ),
}
"""What distinguishes two observations of a Datastream at one time: the channel, or the rest of the reading's key."""


def in_reach(reach: Reach, region: ColumnElement[str], world: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition of the reach. A client cannot name a world, so only a bound key sees an exercise."""
    return within(Reach(reach.regions, reach.worlds or (ACTUAL,)), region, world)


def _devices(reach: Reach, *columns: ColumnElement[Any]) -> Select[Any]:
    joined = devices.join(regions, regions.c.region == devices.c.region).outerjoin(
        sites, sites.c.site_id == devices.c.site_id
    )
    return select(*columns).select_from(joined).where(in_reach(reach, devices.c.region, devices.c.world))


def _place() -> list[ColumnElement[Any]]:
    return [
        devices.c.region,
        regions.c.name_zh.label("region_zh"),
        regions.c.name_en.label("region_en"),
        devices.c.world,
        devices.c.site_id,
        sites.c.name_zh.label("site_zh"),
        sites.c.name_en.label("site_en"),
    ]


def _things(reach: Reach) -> FromClause:
    online = select(device_states.c.online).where(device_states.c.device_id == devices.c.device_id).scalar_subquery()
    query = _devices(
        reach,
        devices.c.device_id.label("id"),
        _NAME.label("name"),
        _DESCRIPTION.label("description"),
        devices.c.kind,
        *_place(),
        online.label("online"),
        devices.c.created_at,
        devices.c.retired_at,
    )
    return query.subquery()


def _locations(reach: Reach) -> FromClause:
    query = _devices(
        reach,
        devices.c.device_id.label("id"),
        devices.c.device_id.label("thing_id"),
        _NAME.label("name"),
        func.concat_ws(" ", regions.c.name_zh, sites.c.name_zh).label("description"),
        cast(GEOJSON, Text).label("encoding"),
        _LONGITUDE.label("longitude"),
        _LATITUDE.label("latitude"),
        *_place(),
    )
    return query.where(_LONGITUDE.is_not(None), _LATITUDE.is_not(None)).subquery()


def _historical_locations(reach: Reach) -> FromClause:
    device_id = devices.c.device_id
    query = _devices(reach, device_id.label("id"), device_id.label("thing_id"), devices.c.created_at.label("time"))
    return query.where(_LONGITUDE.is_not(None), _LATITUDE.is_not(None)).subquery()


def _datastreams(reach: Reach) -> FromClause:
    query = select(
        func.concat(devices.c.device_id, ":", _STREAMS.c.key).label("id"),
        devices.c.device_id.label("thing_id"),
        devices.c.kind.label("sensor_id"),
        _STREAMS.c.key.label("property_id"),
        func.concat(_NAME, " ", _STREAMS.c.name).label("name"),
        _STREAMS.c.name.label("description"),
        _STREAMS.c.observation_type,
        func.nullif(_STREAMS.c.unit_name, "").label("unit_name"),
        func.nullif(_STREAMS.c.symbol, "").label("unit_symbol"),
        func.nullif(func.concat(_UCUM, _STREAMS.c.symbol), _UCUM).label("unit_definition"),
        devices.c.region,
        devices.c.world,
    ).join(_STREAMS, _STREAMS.c.kind == devices.c.kind)
    return query.where(in_reach(reach, devices.c.region, devices.c.world)).subquery()


def _sensors(_reach: Reach) -> FromClause:
    names = ("id", "name", "description", "encoding", "metadata")
    rows = [(kind.value, name, name, "text/html", "/docs") for kind, name in DEVICE_NAMES.items()]
    return values(*(column(name, Text) for name in names), name="sensors").data(rows)


def _observed_properties(_reach: Reach) -> FromClause:
    names = ("id", "name", "definition", "description")
    rows = [(s.key, s.name, f"urn:rencheng:observed-property:{s.key}", s.name) for s in STREAMS]
    return values(*(column(name, Text) for name in names), name="observed_properties").data(rows)


def _features(reach: Reach) -> FromClause:
    """Return the sites, and each device that stands at none with its own position."""
    at_sites = (
        select(
            func.concat("site:", sites.c.site_id).label("id"),
            sites.c.name_zh.label("name"),
            sites.c.name_en.label("description"),
            cast(GEOJSON, Text).label("encoding"),
            sites.c.longitude,
            sites.c.latitude,
            sites.c.region,
            regions.c.name_zh.label("region_zh"),
            regions.c.name_en.label("region_en"),
            sites.c.world,
            sites.c.site_id,
            sites.c.name_zh.label("site_zh"),
            sites.c.name_en.label("site_en"),
        )
        .join(regions, regions.c.region == sites.c.region)
        .where(in_reach(reach, sites.c.region, sites.c.world))
    )
    alone = _devices(
        reach,
        func.concat("device:", devices.c.device_id).label("id"),
        _NAME.label("name"),
        _DESCRIPTION.label("description"),
        cast(GEOJSON, Text).label("encoding"),
        devices.c.longitude,
        devices.c.latitude,
        *_place(),
    ).where(devices.c.site_id.is_(None))
    return union_all(at_sites, alone).subquery()


def readings_of(stream: ObservedStream, device_id: ColumnElement[str], feature: ColumnElement[str]) -> Select[Any]:
    """Return the observations of a stream of a device, which is a column of an outer query or of a join."""
    table = TABLES[stream.kind]
    start = func.concat(device_id, f":{stream.key}")
    microseconds = cast(extract("epoch", table.c.time) * 1_000_000, BigInteger)
    part = _PART[stream.kind]
    query = select(
        func.concat(start, ":", microseconds, ":", part).label("id"),
        start.label("datastream_id"),
        feature.label("feature_id"),
        table.c.time.label("phenomenon_time"),
        cast(table.c[stream.column], Double).label("result"),
        table.c.quality,
        table.c.received_at,
        part.label("part"),
    ).where(table.c.device_id == device_id)
    if stream.measurand is not None:
        query = query.where(func.split_part(table.c.measurand, "/", 1) == literal(stream.measurand.value))
    return query


def _observations(reach: Reach) -> FromClause:
    """Return all observations. A query of one or of known Datastreams does better with `observations_of`."""
    each = (
        readings_of(stream, devices.c.device_id, _FEATURE).where(
            and_(devices.c.kind == stream.kind.value, in_reach(reach, devices.c.region, devices.c.world))
        )
        for stream in STREAMS
    )
    return union_all(*each).subquery()


def observations_of(reach: Reach, stream: ObservedStream, device_ids: Collection[str]) -> tuple[FromClause, FromClause]:
    """Return these devices, as far as they lie in the reach, and the observations of the stream of each.

    The second is for a LATERAL subquery: it refers to the first by its name.
    """
    of_device = devices.c.device_id == any_(literal(list(device_ids), ARRAY(Text)))
    query = select(devices.c.device_id, _FEATURE.label("feature_id")).where(
        of_device, devices.c.kind == stream.kind.value, in_reach(reach, devices.c.region, devices.c.world)
    )
    device_id, feature = (literal_column(f"stations.{name}", Text) for name in ("device_id", "feature_id"))
    return query.subquery("stations"), readings_of(stream, device_id, feature).subquery()


SOURCES: dict[str, Callable[[Reach], FromClause]] = {
    "Things": _things,
    "Locations": _locations,
    "HistoricalLocations": _historical_locations,
    "Datastreams": _datastreams,
    "Sensors": _sensors,
    "ObservedProperties": _observed_properties,
    "Observations": _observations,
    "FeaturesOfInterest": _features,
}
"""The rows of each entity set, within a reach."""
