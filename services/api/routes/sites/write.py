"""Sites: register and change."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from pydantic import ConfigDict

from rencheng.operations.sites import registration_tag, save_sites
from rencheng.operations.worlds import require_worlds
from rencheng.schemas.site import SiteForm, site_form
from rencheng.store.places import Place
from rencheng.store.registry.sites import find_sites
from services.api.auth.guard import Caller, require_devices
from services.api.changes import ChangeRoute
from services.api.deps import Confirm, Db, SiteId
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.preconditions import Version
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/sites", tags=["sites"])

_FORM: dict[str, Any] = {
    "site_id": "underpass-3",
    "type": "underpass",
    "name_zh": "经十路下穿通道",
    "name_en": "Jingshi Road underpass",
    "region": "370102",
    "latitude": 36.6512,
    "longitude": 117.1201,
    "catchment": "Yangtougou",
    "closing_time_s": 45.0,
    "verify_by": "camera 12",
    "profile": {"thresholds": {"red": {"depth_mm": 270, "source": "survey of 2026-05"}}},
    "sensors": [
        {"device_id": "gauge-7", "lowest_point_height_mm": 20},
        {"device_id": "rain-2", "role": "rain"},
    ],
}


class SiteRegistration(SiteForm):
    """The registration of a site. Omitted profile values default by site type."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FORM]})


class RegisteredSite(ApiModel):
    """The registered site and the version of its thresholds now in force."""

    model_config = example(site_id="underpass-3", profile_version=2, unbound=[])

    site_id: str
    profile_version: int
    unbound: list[str]
    """The devices that were bound before and are no longer."""


@router.put(
    "/{site_id}",
    summary="Register or change a site 登记场所",
    operation_id="put_site",
    responses=problem_responses(HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
)
def put_site(
    database: Db,
    caller: Caller,
    version: Version,
    site_id: SiteId,
    form: SiteRegistration,
    *,
    confirm: Confirm = False,
) -> RegisteredSite:
    """Replace the site's registration. Devices that the form does not list are unbound, and named in the answer.

    Changed thresholds become a new version; earlier versions stay readable. Devices need not be registered yet. With
    `If-Match` the change is refused if the site was changed meanwhile. An implausible threshold, a threshold that more
    than doubles, and the loss of the last depth gauge must be confirmed.
    """
    site = form.to_site()
    if site.site_id != site_id:
        raise InvalidParameter(f"The path names site {site_id!r}, the body {site.site_id!r}. Use one name.")
    caller.require([Place(site.region, site.world)])
    with refusals(), database.write() as connection:
        require_worlds(connection, [site.world])
        known = find_sites(connection, [site_id], for_change=True).get(site_id)
        version.check(site_form(known) if known else None, site_form(site))
        require_devices(connection, caller, [sensor.device_id for sensor in site.sensors])
        saved = save_sites(connection, [site], actor=caller.actor, confirm=confirm)[site_id]
    version.tag(site_form(saved.site))
    return RegisteredSite(site_id=site_id, profile_version=saved.version, unbound=list(saved.unbound))


@router.get(
    "/{site_id}/form",
    summary="Get the registration of a site 场所登记表",
    operation_id="get_site_form",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_site_form(database: Db, response: Response, site_id: SiteId) -> SiteRegistration:
    """Return the form that registers the site as it is. Change it, and send it back with its `ETag` as `If-Match`."""
    with database.read() as connection:
        site = find_sites(connection, [site_id]).get(site_id)
    if site is None:
        raise NotFound(f"There is no site {site_id!r}.")
    response.headers["ETag"] = f'"{registration_tag(site)}"'
    return SiteRegistration.model_validate(site_form(site))
