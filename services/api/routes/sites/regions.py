"""Regions: codes and names."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from rencheng.domain.device import ACTUAL
from rencheng.domain.topic import REGION
from rencheng.operations.differences import tag_of
from rencheng.operations.regions import name_region
from rencheng.schemas.fields import ShortText
from rencheng.store.places import Place
from rencheng.store.registry.devices import find_region, list_regions
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Db
from services.api.http.errors import problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.preconditions import Version
from services.api.http.refusals import refusals

router = APIRouter(prefix="/regions", tags=["sites"])
changes = APIRouter(route_class=ChangeRoute, prefix="/regions", tags=["sites"])

_NAMES: dict[str, Any] = {"name_zh": "历下区", "name_en": "Lixia"}
_REGION = {"region": "370102", "etag": '"5f0c2a9b1d3e4f60718293a4b5c6d7e8"'} | _NAMES

RegionCode = Annotated[str, Path(pattern=f"^{REGION.pattern}$", description="The code of GB/T 2260.")]


class RegionNames(BaseModel):
    """The names of a region."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_NAMES]})

    name_zh: ShortText
    name_en: ShortText


class NamedRegion(ApiModel):
    """A region with its names."""

    model_config = example(**_REGION)

    region: str
    name_zh: str
    name_en: str
    etag: str
    """Its version; send it as `If-Match`."""


class NamedRegions(ApiModel):
    """The regions by code."""

    model_config = example(items=[_REGION])

    items: list[NamedRegion]


@router.get("", summary="List regions 区域列表", operation_id="list_regions")
def get_regions(database: Db, caller: Caller) -> NamedRegions:
    """Return the regions that the caller reaches. They belong to no exercise."""
    if not caller.reach.includes_world(ACTUAL):
        return NamedRegions(items=[])
    with database.read() as connection:
        found = list_regions(connection)
    return NamedRegions(
        items=[_shown(region, names) for region, names in found.items() if caller.reach.includes_region(region)]
    )


@changes.put(
    "/{region}",
    summary="Name a region 区域名称",
    operation_id="put_region",
    responses=problem_responses(HTTPStatus.PRECONDITION_FAILED),
)
def put_region(database: Db, caller: Caller, version: Version, region: RegionCode, form: RegionNames) -> NamedRegion:
    """Add a region with its names, or rename it. Warnings from now on have the new names."""
    caller.require([Place(region, ACTUAL)])
    names = form.model_dump()
    with refusals(), database.write() as connection:
        version.check(find_region(connection, region), names)
        name_region(connection, region, names, actor=caller.actor)
    version.tag(names)
    return _shown(region, names)


def _shown(region: str, names: dict[str, str]) -> NamedRegion:
    return NamedRegion.model_validate(names | {"region": region, "etag": f'"{tag_of(names)}"'})
