"""A cursor is any text at all until it is checked: it gives a page or a refusal, never an error of the server."""

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.support.api import store_readings, water

LISTS = ("/v1/devices/g1/readings", "/v1/devices/s1/readings", "/v1/devices/p1/readings", "/v1/warnings")
NOW = datetime(2026, 7, 20, tzinfo=UTC)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)
_times = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-07-20T00:00:00"]
)
_numbers = st.integers() | st.sampled_from([32767, 32768, 99999, 2**31, -(2**31), 2**63])
_texts = st.text(st.characters()) | st.sampled_from(["a\0", "\ud800"])
_near_misses = st.tuples(_times, _numbers, _texts) | st.tuples(_times, _numbers) | st.tuples(_times, _texts)
_keys = st.tuples(_times, _numbers, _texts, _texts) | st.tuples(_times, _numbers, _numbers) | _near_misses
_encoded = (_json | _keys).map(lambda parts: base64.urlsafe_b64encode(json.dumps(parts).encode()).decode())


@pytest.mark.parametrize("path", LISTS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=_encoded | st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: raw.hex()))
def test_any_text_gives_a_page_or_a_refusal(client: httpx.Client, path: str, cursor: str) -> None:
    answer = client.get(path, params={"after": cursor.encode("utf-8", "replace").decode()})
    assert answer.status_code in {200, 422}


@pytest.mark.parametrize(
    "parts",
    [
        ["2026-07-20T00:00:00+00:00", 99999],
        ["2026-07-20T00:00:00+00:00", True],
        ["2026-07-20T00:00:00", 0],
        ["9999-12-31T23:59:59-12:00", 0],
        ["2026-07-20T00:00:00+00:00"],
        [0, "2026-07-20T00:00:00+00:00"],
        {"2026-07-20T00:00:00+00:00": 1, "2026-07-20T00:01:00+00:00": 1},
    ],
)
def test_a_cursor_that_no_row_can_have_is_refused(client: httpx.Client, parts: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()
    answer = client.get("/v1/devices/g1/readings", params={"after": cursor})
    assert answer.status_code == 422
    assert "`next` of the previous page" in answer.json()["detail"]


def test_a_cursor_leads_on_to_the_rest(client: httpx.Client, city: Engine) -> None:
    store_readings(city, [water("g1", NOW + timedelta(minutes=minute), 10.0) for minute in range(5)])
    first = client.get("/v1/devices/g1/readings", params={"limit": 3}).json()
    rest = client.get("/v1/devices/g1/readings", params={"limit": 3, "after": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [3, 2, None]
