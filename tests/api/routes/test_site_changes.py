"""Dangerous changes of sites are confirmed, changes are audited with both values, and none overwrites another."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from tests.support.api import HUAIYIN, LIXIA
from tests.support.rain_signals import cap


def form(**changed: object) -> dict[str, Any]:
    usual = {"site_id": "e", "type": "road", "name_zh": "路", "name_en": "Road E", "region": HUAIYIN}
    return usual | {"latitude": 36.6, "longitude": 117.1, "sensors": [{"device_id": "ge"}]} | changed


def red(depth_mm: float) -> dict[str, Any]:
    return {"thresholds": {"red": {"depth_mm": depth_mm, "source": "test"}}}


@pytest.fixture(autouse=True)
def _site(city: Engine, client: httpx.Client) -> None:
    with city.begin() as connection:
        connection.execute(text("DELETE FROM sites WHERE site_id = 'e'"))
        connection.execute(text("DELETE FROM audit"))
    device = {"kind": "waterlogging", "region": HUAIYIN}
    client.put("/v1/devices/ge", json=device)
    assert client.put("/v1/sites/e", json=form()).status_code == 200


def audit(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/v1/audit", params={"subject": "site e"}).json()["items"]
    return items


def test_a_red_of_93_metres_is_asked_for_twice_and_recorded(client: httpx.Client) -> None:
    wanted = form(profile=red(93_000), sensors=[])
    refused = client.put("/v1/sites/e", json=wanted)
    kept = client.get("/v1/sites/e").json()
    done = client.put("/v1/sites/e", params={"confirm": "true"}, json=wanted)
    entry, added = audit(client)

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:rencheng:problem:confirmation-required"
    for words in ("93000 mm", "from 400 to 93000", "last depth gauge (ge)", "confirm=true"):
        assert words in refused.json()["detail"]
    assert len(refused.json()["doubts"]) == 3
    assert kept["thresholds"]["red"]["depth_mm"] == 400
    assert done.status_code == 200
    assert done.json()["unbound"] == ["ge"]
    assert added["action"] == "site.add"
    assert (entry["action"], entry["actor"][:4]) == ("site.change", "key ")
    assert entry["detail"]["before"]["profile.thresholds.red.depth_mm"] == 400
    assert entry["detail"]["after"]["profile.thresholds.red.depth_mm"] == 93_000
    assert len(entry["detail"]["confirmed"]) == 3
    newest, oldest = client.get("/v1/sites/e/profiles").json()["items"]
    assert newest["made_by"] == oldest["made_by"] == entry["actor"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"profile": red(801)}, "red rises from 400 to 801"),
        ({"profile": {"thresholds": {"blue": {"depth_mm": 2, "source": "x"}}}}, "blue begins at 2 mm"),
        ({"profile": {"thresholds": {"blue": {"depth_mm": 110, "source": "x"}}}}, "blue rises from 50 to 110"),
        ({"profile": {"clear_below_mm": 51}}, "no warning would ever end"),
        ({"profile": {"up_hold_s": 3600}}, "every warning waits"),
        ({"profile": {"down_hold_s": 80_000}}, "down_hold_s"),
        ({"sensors": [{"device_id": "ge", "lowest_point_height_mm": -100_000}]}, "gauge ge stands -100000 mm"),
        ({"sensors": []}, "last depth gauge"),
        ({"sensors": [{"device_id": "slip-of-the-keyboard"}]}, "last depth gauge"),
        ({"type": "channel"}, "red rises"),
    ],
)
def test_each_change_that_silences_a_site_is_confirmed(
    client: httpx.Client, changed: dict[str, Any], words: str
) -> None:
    before = client.get("/v1/sites/e/form").json()
    answer = client.put("/v1/sites/e", json=form(**changed))

    assert answer.status_code == 409
    assert words in answer.json()["detail"]
    assert client.get("/v1/sites/e/form").json() == before
    assert client.put("/v1/sites/e?confirm=true", json=form(**changed)).status_code == 200
    # confirmed once; the same values raise no doubt again
    assert client.put("/v1/sites/e", json=client.get("/v1/sites/e/form").json()).status_code == 200


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(depths=st.lists(st.floats(1, 99_000), min_size=4, max_size=4, unique=True).map(sorted))
def test_no_level_more_than_doubles_and_no_red_is_beyond_a_metre_without_a_word(
    client: httpx.Client, depths: list[float]
) -> None:
    old = [50.0, 150.0, 270.0, 400.0]
    levels = ("blue", "yellow", "orange", "red")
    thresholds = {level: {"depth_mm": mm, "source": "x"} for level, mm in zip(levels, depths, strict=True)}
    client.put("/v1/sites/e?confirm=true", json=form())
    answer = client.put("/v1/sites/e", json=form(profile={"thresholds": thresholds, "clear_below_mm": 1}))
    doubles = any(new > 2 * before for new, before in zip(depths, old, strict=True))

    assert (answer.status_code == 409) == (doubles or depths[0] < 10 or depths[3] > 1000)


def test_moving_the_last_gauge_away_is_confirmed_too(client: httpx.Client) -> None:
    """The device side of the same change: by one device, and by a list."""
    away = {"kind": "waterlogging", "region": LIXIA, "site_id": None}
    client.put("/v1/sites/e?confirm=true", json=form(sensors=[]))
    assert client.put("/v1/devices/ge", json=away | {"site_id": "e"}).status_code == 200
    listed = "device_id,kind,region,site_id\nge,waterlogging,370102,underpass\n"
    csv = {"content": listed, "headers": {"Content-Type": "text/csv"}}

    assert client.put("/v1/devices/ge", json=away).status_code == 409
    assert client.post("/v1/device-imports", **csv).status_code == 409  # type: ignore[arg-type]
    assert client.get("/v1/sites/e").json()["sensors"][0]["device_id"] == "ge"
    assert client.put("/v1/devices/ge?confirm=true", json=away).status_code == 200


def test_two_operators_do_not_overwrite_each_other(client: httpx.Client) -> None:
    read = client.get("/v1/sites/e/form")
    tag = read.headers["etag"]
    first = client.put("/v1/sites/e", json=read.json() | {"catchment": "A"}, headers={"If-Match": tag})
    second = client.put("/v1/sites/e", json=read.json() | {"catchment": "B"}, headers={"If-Match": tag})

    assert first.status_code == 200
    assert second.status_code == 412
    assert second.json()["type"] == "urn:rencheng:problem:precondition-failed"
    assert second.headers["etag"] == first.headers["etag"] == client.get("/v1/sites/e/form").headers["etag"]
    assert second.headers["etag"] in second.json()["detail"]
    assert (second.json()["current"], second.json()["wanted"]) == ({"catchment": "A"}, {"catchment": "B"})
    assert client.get("/v1/sites/e").json()["catchment"] == "A"
    for_any = client.put("/v1/sites/e", json=read.json(), headers={"If-Match": "*"})
    assert for_any.headers["etag"] == tag
    missing = client.put("/v1/sites/none", json=form(site_id="none"), headers={"If-Match": "*"})
    assert missing.status_code == 412


def test_two_operators_do_not_overwrite_each_others_devices(client: httpx.Client) -> None:
    tag = client.get("/v1/devices/ge").headers["etag"]
    device = {"kind": "waterlogging", "region": HUAIYIN}
    first = client.put("/v1/devices/ge", json=device | {"name": "A"}, headers={"If-Match": tag})
    second = client.put("/v1/devices/ge", json=device | {"name": "B"}, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert (second.json()["current"], second.json()["wanted"]) == ({"name": "A"}, {"name": "B"})
    assert client.get("/v1/devices/ge").headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/people/e-ann", {"person_id": "e-ann", "name": "安", "regions": [LIXIA]}, "name"),
        ("/v1/subscribers/e-police", {"owner": "x"}, "owner"),
        ("/v1/rosters/e-roster", {"roster_id": "e-roster", "role": "keeper", "region": LIXIA}, "role"),
        ("/v1/actuators/e-gate", {"device_id": "e-gate", "kind": "barrier", "region": LIXIA}, "name"),
        ("/v1/regions/370199", {"name_zh": "x", "name_en": "x"}, "name_en"),
    ],
)
def test_of_two_changes_from_one_version_the_second_gets_both_values(
    client: httpx.Client, path: str, body: dict[str, Any], field: str
) -> None:
    tag = client.put(path, json=body | {field: "first"}).headers["etag"]
    one = client.put(path, json=body | {field: "one"}, headers={"If-Match": tag})
    two = client.put(path, json=body | {field: "two"}, headers={"If-Match": tag})
    again = client.put(path, json=body | {field: "two"}, headers={"If-Match": two.headers["etag"]})

    assert (one.status_code, two.status_code, again.status_code) == (200, 412, 200), one.text
    assert two.headers["etag"] == one.headers["etag"] != tag
    assert (two.json()["current"], two.json()["wanted"]) == ({field: "one"}, {field: "two"})


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/v1/sites/e", "PUT", form(world="mars")),
        ("/v1/sites/e", "PUT", form(region="999999")),
        ("/v1/devices/new", "PUT", {"kind": "signal", "region": "000000"}),
        ("/v1/devices/new", "PUT", {"kind": "signal", "region": LIXIA, "world": "mars"}),
        ("/v1/weather/signals?world=mars", "POST", None),
        ("/v1/silences", "POST", {"world": "mars", "site_id": "e"}),
        ("/v1/silences", "POST", {"site_id": "nowhere"}),
        ("/v1/silences", "POST", {"region": "371000"}),
        ("/v1/silences", "POST", {"catchment": "nowhere"}),
    ],
)
def test_worlds_and_places_do_not_grow_by_a_request(
    client: httpx.Client, city: Engine, path: str, method: str, body: dict[str, Any] | None
) -> None:
    def known() -> list[tuple[str, ...]]:
        with city.connect() as connection:
            query = "SELECT world FROM worlds UNION SELECT region FROM regions"
            return sorted(tuple(row) for row in connection.execute(text(query)))

    before = known()
    now = datetime.now(UTC)
    period = {"begins_at": now.isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat(), "reason": "x"}
    if path == "/v1/silences":
        body = period | (body or {})
    content = cap() if body is None else json.dumps(body)
    answer = client.request(method, path, content=content)

    assert answer.status_code == 422, answer.text
    assert known() == before


def test_the_form_names_devices_that_are_not_registered_yet_and_spares_retired_ones(
    client: httpx.Client, city: Engine
) -> None:
    sensors = [{"device_id": "ge"}, {"device_id": "later", "role": "rain"}]
    client.put("/v1/sites/e", json=form(sensors=sensors))
    client.post("/v1/devices/ge/retirement")
    written = client.get("/v1/sites/e/form").json()
    again = client.put("/v1/sites/e", json=written)
    with city.begin() as connection:
        bound = connection.execute(text("SELECT device_id FROM site_sensors WHERE site_id = 'e' ORDER BY 1")).scalars()
        assert list(bound) == ["ge", "later"]  # the retired one has a history there
        connection.execute(text("UPDATE devices SET retired_at = NULL WHERE device_id = 'ge'"))

    assert [sensor["device_id"] for sensor in written["sensors"]] == ["later"]
    assert again.json()["unbound"] == []
