"""The entity sets of SensorThings 1.1: their properties, and how one leads to another.

A shape says where each property of an entity is found: a column of its source, a `Point` of two columns, or a mapping
of further properties.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A GeoJSON point of two columns, degrees in WGS 84."""

    longitude: str
    latitude: str


class Flags(NamedTuple):
    """The names of the quality flags in a column."""

    column: str


Shape = Mapping[str, "str | Point | Flags | Shape"]


@dataclass(frozen=True, slots=True)
class Navigation:
    """The way from an entity to others.

    Attributes:
        target: the name of their set.
        local: the column of this entity.
        remote: the equal column of the others.
        is_many: whether there may be more than one.
    """

    target: str
    local: str
    remote: str
    is_many: bool


def _one(target: str, local: str) -> Navigation:
    return Navigation(target, local, "id", is_many=False)


def _many(target: str, remote: str, local: str = "id") -> Navigation:
    return Navigation(target, local, remote, is_many=True)


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One of the sets, with the shape of its entities and the ways to others."""

    name: str
    shape: Shape
    navigations: Mapping[str, Navigation]


_NAMED = {"name": "name", "description": "description"}
_PLACE = {key: key for key in ("region", "region_zh", "region_en", "world", "site_id", "site_zh", "site_en")}
_POINT = {"type": "geometry_type"}

THINGS = EntitySet(
    "Things",
    {
        **_NAMED,
        "properties": {
            "kind": "kind",
            **_PLACE,
            "online": "online",
            "created_at": "created_at",
            "retired_at": "retired_at",
        },
    },
    {
        "Locations": _many("Locations", "thing_id"),
        "HistoricalLocations": _many("HistoricalLocations", "thing_id"),
        "Datastreams": _many("Datastreams", "thing_id"),
    },
)
LOCATIONS = EntitySet(
    "Locations",
    {**_NAMED, "encodingType": "encoding", "location": Point("longitude", "latitude"), "properties": _PLACE},
    {
        "Things": _many("Things", "id", "thing_id"),
        "HistoricalLocations": _many("HistoricalLocations", "thing_id", "thing_id"),
    },
)
HISTORICAL_LOCATIONS = EntitySet(
    "HistoricalLocations",
    {"time": "time"},
    {"Thing": _one("Things", "thing_id"), "Locations": _many("Locations", "thing_id", "thing_id")},
)
DATASTREAMS = EntitySet(
    "Datastreams",
    {
        **_NAMED,
        "observationType": "observation_type",
        "unitOfMeasurement": {"name": "unit_name", "symbol": "unit_symbol", "definition": "unit_definition"},
        "properties": {"region": "region", "world": "world"},
    },
    {
        "Thing": _one("Things", "thing_id"),
        "Sensor": _one("Sensors", "sensor_id"),
        "ObservedProperty": _one("ObservedProperties", "property_id"),
        "Observations": _many("Observations", "datastream_id"),
    },
)
SENSORS = EntitySet(
    "Sensors",
    {**_NAMED, "encodingType": "encoding", "metadata": "metadata"},
    {"Datastreams": _many("Datastreams", "sensor_id")},
)
OBSERVED_PROPERTIES = EntitySet(
    "ObservedProperties",
    {"name": "name", "definition": "definition", "description": "description"},
    {"Datastreams": _many("Datastreams", "property_id")},
)
OBSERVATIONS = EntitySet(
    "Observations",
    {
        "phenomenonTime": "phenomenon_time",
        "resultTime": "phenomenon_time",
        "result": "result",
        "resultQuality": Flags("quality"),
        "parameters": {"part": "part", "quality": "quality", "received_at": "received_at"},
    },
    {"Datastream": _one("Datastreams", "datastream_id"), "FeatureOfInterest": _one("FeaturesOfInterest", "feature_id")},
)
FEATURES = EntitySet(
    "FeaturesOfInterest",
    {**_NAMED, "encodingType": "encoding", "feature": Point("longitude", "latitude"), "properties": _PLACE},
    {"Observations": _many("Observations", "feature_id")},
)

SETS = {
    each.name: each
    for each in (
        THINGS,
        LOCATIONS,
        HISTORICAL_LOCATIONS,
        DATASTREAMS,
        SENSORS,
        OBSERVED_PROPERTIES,
        OBSERVATIONS,
        FEATURES,
    )
}
"""Every entity set by its name in the URL."""
