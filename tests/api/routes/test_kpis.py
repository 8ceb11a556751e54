"""Key figures through the API equal plain SQL over the rows; what is missing is never 0."""

import csv
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.reach import Reach
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.registry.devices import register
from tests.support.api import HUAIYIN, LIXIA, store_readings, water
from tests.support.storage import settle
from tests.support.streams import SITES_BY_ID, record_messages, rendered

ENDS = datetime.now(CITY_ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
BEGINS = ENDS - timedelta(hours=10)
"""Everything was registered for the last ten hours of the month before."""
MONTH = f"{BEGINS:%Y-%m}"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module", autouse=True)
def _month(city: Engine) -> None:
    with city.begin() as connection:
        more = [Device(name, Kind.SIGNAL, LIXIA) for name in ("free", "no-pattern")]
        register(connection, [(device, None) for device in more])
        for table in ("devices", "sites"):
            connection.execute(text(f"UPDATE {table} SET created_at = :at"), {"at": BEGINS})
    hours = [BEGINS + n * HOUR for n in range(10)]
    gauges = [water("g1", at, 300.0) for at in hours[:5]] + [water("g2", at, None) for at in hours]
    gauges += [water("g3", at, 20.0) for at in hours]
    signals = [SignalEvent(name, at, 1, 0) for name in ("s1", "free", "no-pattern") for at in hours]
    signals += [SignalEvent("s1", hours[0], 131, 3), SignalEvent("free", hours[0], 131, 254)]
    states = [
        MeterValue("p1", 1, "", at, Measurand.STATUS, status=status)
        for at, status in ((hours[0], "Available"), (hours[4], "Faulted"))
    ]
    store_readings(city, [*gauges, *signals, *states])
    for name, site, level in (("w-true", "underpass", Level.RED), ("w-false", "road", Level.BLUE)):
        record_messages(city, rendered(name, 1, level, site=SITES_BY_ID[site]))
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET opened_at = :at, closed_at = :at"), {"at": hours[4]})
    settle(city)


def scalar(city: Engine, query: str) -> float:
    with city.connect() as connection:
        return float(connection.execute(text(query), {"begins": BEGINS, "ends": ENDS}).scalar_one())


def figures(answer: httpx.Response) -> dict[str, dict[str | None, dict[str, Any]]]:
    assert answer.status_code == 200, answer.text
    return {item["kpi_id"]: {each["region"]: each for each in item["figures"]} for item in answer.json()["items"]}


def test_key_figures_equal_plain_sql_and_lead_to_their_rows(client: httpx.Client, city: Engine) -> None:
    answer = client.get("/v1/kpis", params={"month": MONTH})
    found = figures(answer)
    everything = {kpi_id: each[None]["value"] for kpi_id, each in found.items()}

    usable_hours = "SELECT count(DISTINCT (device_id, date_trunc('hour', time))) FROM waterlogging_readings"
    usable = scalar(city, f"{usable_hours} WHERE depth_mm IS NOT NULL AND time BETWEEN :begins AND :ends")
    assert everything["gauge_availability"] == pytest.approx(usable / 30)
    assert everything["judged_time"] == pytest.approx((0.5 + 1) / 2)
    assert everything["points_watched"] == 1
    assert found["signal_timing_coverage"][LIXIA] == {
        "region": LIXIA,
        "value": 0.5,
        "p50_s": None,
        "p90_s": None,
        "n": 2,
        "missing": 1,
    }
    assert everything["signal_data_health"] == 1
    assert everything["charging_piles"] == scalar(
        city, "SELECT count(*) FROM devices WHERE kind = 'charging' AND world = 'actual'"
    )
    assert everything["charging_availability"] == pytest.approx(0.4)
    assert everything["false_alarm_share"] == 0.5
    assert found["false_alarms_site_month"][HUAIYIN]["value"] == pytest.approx(
        1 / (10 / ((ENDS - ENDS.replace(month=12 if ENDS.month == 1 else ENDS.month - 1, year=BEGINS.year)) / HOUR))
    )
    assert found["warned_to_closed"][None] == found["closed_before_water"][None]
    assert (found["warned_to_closed"][None]["n"], found["warned_to_closed"][None]["missing"]) == (0, 1)

    for item in answer.json()["items"]:
        rows = client.get(item["rows"]).json()["items"]
        total = item["figures"][0]
        assert len(rows) == total["n"] + total["missing"]
        assert sum(row["value"] is None for row in rows) == total["missing"]
    page = client.get("/v1/kpis/gauge_availability/rows", params={"month": MONTH, "limit": 2}).json()
    rest = {"month": MONTH, "after": page["next"]}
    second = client.get("/v1/kpis/gauge_availability/rows", params=rest).json()
    assert [row["row"] for row in (*page["items"], *second["items"])] == ["devices g1", "devices g2", "devices g3"]
    assert second["next"] is None


def test_key_figures_come_as_csv_and_for_print_and_only_within_the_reach(client: httpx.Client, city: Engine) -> None:
    table = client.get("/v1/kpis/table", params={"month": MONTH})
    lines = {(each["kpi"], each["region"]): each for each in csv.DictReader(StringIO(table.text.lstrip("\ufeff")))}
    assert float(lines["judged_time", HUAIYIN]["value"]) == 1
    assert lines["warned_to_closed", ""]["p50_s"] == ""
    page = client.get("/v1/kpis/page", params={"month": MONTH})
    assert "路口智能信号配时覆盖率" in page.text
    assert "无记录" in page.text

    with city.begin() as connection:
        scopes = [KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ]
        token = api_keys.create(connection, "lixia", scopes, reach=Reach((LIXIA,), ("actual",)))
    bound = {"Authorization": f"Bearer {token}"}
    for region in (None, "370100", HUAIYIN):
        asked = {"month": MONTH} | ({"region": region} if region else {})
        seen = figures(client.get("/v1/kpis", params=asked, headers=bound))
        assert {region for each in seen.values() for region in each} <= {None, LIXIA}
    assert client.get("/v1/kpis", params={"world": "drill"}, headers=bound).status_code == 403
    drill = figures(client.get("/v1/kpis", params={"world": "drill", "month": MONTH}))
    assert drill["judged_time"][None] | {"n": 0, "missing": 1, "value": None} == drill["judged_time"][None]
    future = client.get("/v1/kpis", params={"month": "2099-01"})
    assert future.status_code == 422
    assert "has not begun" in future.json()["detail"]


def test_the_ranking_of_sites_equals_plain_sql_and_a_second_gauge_lowers_the_risk(
    client: httpx.Client, city: Engine
) -> None:
    answer = client.get("/v1/risks")
    assert answer.status_code == 200, answer.text
    sites = {item["site_id"]: item for item in answer.json()["items"]}
    assert set(sites) == {"underpass", "road"}
    values = {each["name"]: each["value"] for each in sites["underpass"]["indicators"]}
    deepest = scalar(city, "SELECT max(depth_mm) FROM waterlogging_readings WHERE device_id IN ('g1', 'g2')")
    warned = scalar(city, "SELECT count(*) FROM warnings WHERE site_id = 'underpass' AND peak_level >= 2")
    red = scalar(city, "SELECT profile -> 'thresholds' -> 'red' ->> 'depth_mm' FROM sites WHERE site_id = 'underpass'")
    assert values["deepest"] == pytest.approx(min(deepest / red, 1))
    assert values["warnings"] == pytest.approx(warned / 6)
    assert (values["gauges"], values["pumps"], values["closing_time"], values["closed_in_time"]) == (0.5, 1, None, None)
    assert {"closing_time", "closed_in_time"} <= set(sites["underpass"]["missing"])
    assert "no_plan" in sites["underpass"]["findings"]
    vulnerability = sites["underpass"]["factors"]["vulnerability"]
    changed = client.get("/v1/risks/underpass", params={"more_gauges": 1, "more_pumps": 1}).json()
    assert vulnerability == pytest.approx(0.75)
    assert changed["factors"]["vulnerability"] == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert client.get("/v1/risks/none").status_code == 404
    lines = csv.DictReader(StringIO(client.get("/v1/risks/table").text.lstrip("\ufeff")))
    assert [line["site_id"] for line in lines] == [item["site_id"] for item in answer.json()["items"]]
    assert "城市运行安全评估" in client.get("/v1/risks/page").text
