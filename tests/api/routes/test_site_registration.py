"""Operators register and change sites over HTTP."""

from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from tests.support.api import LIXIA

OF_NO_ROLE = {"lag_s": None, "crown_mm": None, "rim_mm": None}


def form(**changed: object) -> dict[str, Any]:
    return {
        "site_id": "new",
        "type": "tunnel",
        "name_zh": "隧道",
        "name_en": "Tunnel",
        "region": LIXIA,
        "latitude": 36.6,
        "longitude": 117.1,
        "sensors": [{"device_id": "rain-1", "role": "rain"}],
    } | changed


@pytest.fixture(autouse=True)
def _forgotten(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("DELETE FROM sites WHERE site_id = 'new'"))


def test_a_site_is_registered_changed_and_every_version_stays_readable(client: httpx.Client) -> None:
    first = client.put("/v1/sites/new", json=form())
    red = {"thresholds": {"red": {"depth_mm": 300, "source": "drill of May"}}}
    second = client.put("/v1/sites/new", json=form(profile=red, closing_time_s=50, catchment="C1"))
    detail = client.get("/v1/sites/new").json()
    versions = client.get("/v1/sites/new/profiles").json()["items"]

    assert (first.json()["profile_version"], second.json()["profile_version"]) == (1, 2)
    assert (detail["closing_time_s"], detail["catchment"], detail["profile_version"]) == (50, "C1", 2)
    assert [(each["version"], each["thresholds"]["red"]["depth_mm"]) for each in versions] == [(2, 300), (1, 250)]
    assert versions[0]["thresholds"]["red"]["source"] == "drill of May"


def test_the_form_of_a_site_registers_it_as_it_is(client: httpx.Client) -> None:
    client.put("/v1/sites/new", json=form(polygon=[[36.6, 117.1], [36.7, 117.1], [36.7, 117.2]]))
    written = client.get("/v1/sites/new/form").json()
    again = client.put("/v1/sites/new", json=written)

    assert again.json() == {"site_id": "new", "profile_version": 1, "unbound": []}
    assert client.get("/v1/sites/new/form").json() == written


def test_bound_sensors_are_shown_with_role_and_height(client: httpx.Client) -> None:
    assert client.get("/v1/sites/underpass").json()["sensors"] == [
        {"device_id": "g1", "role": "depth", "lowest_point_height_mm": 0.0, **OF_NO_ROLE},
        {"device_id": "g2", "role": "depth", "lowest_point_height_mm": 0.0, **OF_NO_ROLE},
    ]


def test_gauges_upstream_and_in_manholes_keep_lag_crown_and_rim(client: httpx.Client) -> None:
    sensors = [
        {"device_id": "m1", "role": "manhole", "lowest_point_height_mm": 0.0, "crown_mm": 800.0, "rim_mm": 2500.0},
        {"device_id": "u1", "role": "upstream", "lowest_point_height_mm": 0.0, "lag_s": 900.0},
    ]
    client.put("/v1/sites/new", json=form(sensors=sensors))
    refused = client.put("/v1/sites/new", json=form(sensors=[{"device_id": "m1", "role": "manhole"}]))

    written = client.get("/v1/sites/new/form").json()["sensors"]
    assert [one | given for one, given in zip(written, sensors, strict=True)] == written
    assert refused.status_code == 422
    assert "role manhole needs crown_mm or rim_mm" in refused.text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (form(site_id="other"), "the body 'other'"),
        (form(colour="green"), "Extra inputs"),
        (form(sensors=[{"device_id": "g1"}]), "gauge g1 serves site underpass"),
        (form(profile={"thresholds": {"red": {"depth_mm": 1, "source": "x"}}}), "thresholds must rise"),
        (form(world="mars\x00"), "pattern"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    client: httpx.Client, body: dict[str, Any], message: str
) -> None:
    answer = client.put("/v1/sites/new", json=body)

    assert answer.status_code == 422
    assert message in answer.text
    assert client.get("/v1/sites/new/profiles").status_code == 404
    assert client.get("/v1/sites/new/form").status_code == 404
