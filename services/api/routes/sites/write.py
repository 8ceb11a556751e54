"""Sites: register and change."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict

from rencheng.domain.errors import NotPossible
from rencheng.schemas.site import SiteForm, site_form
from rencheng.store.registry.devices import add_world, ensure_region
from rencheng.store.registry.sites import load_sites, replace_sites
from services.api.deps import Db, SiteId
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example

router = APIRouter(prefix="/sites", tags=["sites"])

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

    model_config = example(site_id="underpass-3", profile_version=2)

    site_id: str
    profile_version: int


@router.put("/{site_id}", summary="Register or change a site 登记场所", operation_id="put_site")
def put_site(database: Db, site_id: SiteId, form: SiteRegistration) -> RegisteredSite:
    """Replace the site's registration. Devices that the form does not list are unbound.

    Changed thresholds become a new version; earlier versions stay readable. Devices need not be registered yet.
    """
    site = form.to_site()
    if site.site_id != site_id:
        raise InvalidParameter(f"The path names site {site_id!r}, the body {site.site_id!r}. Use one name.")
    with database.write() as connection:
        ensure_region(connection, site.region)
        add_world(connection, site.world, site.world)
        try:
            [version] = replace_sites(connection, [site]).values()
        except NotPossible as error:
            raise InvalidParameter(f"{error}.") from None
    return RegisteredSite(site_id=site_id, profile_version=version)


@router.get(
    "/{site_id}/form",
    summary="Get the registration of a site 场所登记表",
    operation_id="get_site_form",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_site_form(database: Db, site_id: SiteId) -> SiteRegistration:
    """Return the form that registers the site as it is. Change it, and send it back."""
    with database.read() as connection:
        site = load_sites(connection, on_invalid=lambda *_: None).get(site_id)
    if site is None:
        raise NotFound(f"There is no site {site_id!r}.")
    return SiteRegistration.model_validate(site_form(site))
