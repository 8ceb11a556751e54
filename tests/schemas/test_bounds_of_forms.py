"""Numbers of sites and devices stay within bounds that a real place or gauge can have."""

from typing import Any

import pytest
from pydantic import ValidationError

from rencheng.schemas.device import DeviceForm
from rencheng.schemas.site import SiteForm

SITE: dict[str, Any] = {
    "site_id": "S1",
    "type": "underpass",
    "name_zh": "下穿",
    "name_en": "Underpass",
    "region": "370102",
    "latitude": 36.65,
    "longitude": 117.12,
}
DEVICE: dict[str, Any] = {"device_id": "g1", "kind": "waterlogging", "region": "370102"}


@pytest.mark.parametrize(
    "changed",
    [
        {"radius_m": 1e-300},
        {"radius_m": 1e300},
        {"profile": {"clear_below_mm": 1e308}},
        {"polygon": [[36.6, 117.1]] * 200},
        {"polygon": [[36.6, 117.1], [36.7, 117.1]]},
    ],
)
def test_an_impossible_site_is_refused(changed: dict[str, Any]) -> None:
    SiteForm.model_validate(SITE)
    with pytest.raises(ValidationError):
        SiteForm.model_validate(SITE | changed)


def test_a_gauge_has_at_most_twenty_no_return_codes() -> None:
    DeviceForm.model_validate(DEVICE | {"no_return_codes": list(range(20))})
    with pytest.raises(ValidationError):
        DeviceForm.model_validate(DEVICE | {"no_return_codes": list(range(21))})
