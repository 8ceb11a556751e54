"""An event report through the API: its numbers equal queries over the rows, and its versions never change."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from services.jobs.reports import make_reports
from services.jobs.settings import JobSettings
from tests.api.routes.test_tasks import WARNING, finish, post, warn
from tests.support.api import store_readings, water
from tests.support.tasks import key_of, staff


@pytest.fixture(autouse=True)
def _staff(city: Engine) -> None:
    staff(city)


def scalar(city: Engine, query: str) -> float:
    with city.connect() as connection:
        return float(connection.execute(text(query)).scalar_one())


def test_the_headline_is_the_time_by_which_the_place_was_closed_before_the_water(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    with city.begin() as connection:
        connection.execute(text("DELETE FROM waterlogging_readings"))
        connection.execute(text("UPDATE warnings SET opened_at = now() - interval '10 minutes'"))
        now = connection.execute(text("SELECT now()")).scalar_one()
    draft = client.post(f"/v1/events/{WARNING}/report", json={}).json()
    margin = draft["report"]["measures"]["margin"]
    assert (margin["seconds"], margin["missing"]) == (None, ["closed", "water"])

    store_readings(city, [water("g1", now - timedelta(seconds=60), 120.0), water("g1", now, 190.0)])
    finish(client, city, "close", "ann")
    with city.begin() as connection:
        connection.execute(text("UPDATE task_events SET at = at - interval '90 s' WHERE kind = 'Finished'"))
    store_readings(city, [water("g1", now + timedelta(seconds=1), 230.0), water("g2", now + timedelta(seconds=2), 300)])
    warn(city, 2, Level.RED, MessageType.CANCEL)
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET closed_at = now() + interval '5 s'"))
    reopen = finish(client, city, "reopen", "bo")
    for person in ("cy", "dee"):
        assert post(client, key_of(city, person), reopen, "checks", passed=True).status_code == 200
    made = client.post(f"/v1/events/{WARNING}/report", json={"well": "<b>in time"}).json()
    assert made["version"] == 2
    assert client.post(f"/v1/events/{WARNING}/report", json={}).json() == made
    report = made["report"]

    expected = scalar(
        city,
        "SELECT extract(epoch FROM (SELECT min(time) FROM waterlogging_readings WHERE depth_mm >= 200)"
        " - (SELECT max(at) FROM task_events JOIN tasks USING (task_id) WHERE kind = 'Finished'"
        " AND template_id = 'close'))",
    )
    assert report["measures"]["margin"]["seconds"] == pytest.approx(expected)
    assert expected > 0
    reopened = scalar(
        city,
        "SELECT extract(epoch FROM (SELECT reopened_at FROM incidents) - (SELECT closed_at FROM warnings"
        f" WHERE warning_id = '{WARNING}'))",
    )
    assert report["measures"]["reopened_after_dry"]["seconds"] == pytest.approx(reopened)
    assert report["measures"]["accepted_after_warned"]["seconds"] is None  # nobody was called
    assert report["water"]["peak_mm"] == scalar(city, "SELECT max(depth_mm) FROM waterlogging_readings")
    assert len(report["tasks"]) == scalar(city, "SELECT count(*) FROM tasks")
    page = client.get(f"/v1/events/{WARNING}/report/page")
    assert "封闭早于积水" in page.text
    assert "<svg" in page.text
    assert "<b>in time" not in page.text
    assert "script" not in page.text
    first = client.get(f"/v1/events/{WARNING}/report", params={"version": 1}).json()
    assert first == draft
    assert client.get("/v1/events/w-none/report").status_code == 404
    assert client.post("/v1/events/w-none/report", json={}).status_code == 404


def test_a_report_is_made_by_itself_after_the_all_clear_and_after_the_reopening(
    client: httpx.Client, city: Engine, database_url: str
) -> None:
    settings = JobSettings(database_url=database_url)
    warn(city, 1, Level.RED)
    client.post(f"/v1/events/{WARNING}/report", json={"well": "in time"})
    assert make_reports(city, settings)["reports_made"] == 0  # it is still open
    warn(city, 2, Level.RED, MessageType.CANCEL)
    assert [make_reports(city, settings)["reports_made"] for _ in range(2)] == [1, 0]
    made = client.get(f"/v1/events/{WARNING}/report").json()
    assert (made["version"], made["report"]["remarks"]["well"]) == (2, "in time")
    assert made["report"]["closed_at"] is not None
    reopen = finish(client, city, "reopen", "bo")
    for person in ("cy", "dee"):
        assert post(client, key_of(city, person), reopen, "checks", passed=True).status_code == 200
    assert [make_reports(city, settings)["reports_made"] for _ in range(2)] == [1, 0]
    assert client.get(f"/v1/events/{WARNING}/report").json()["report"]["moments"]["reopened"] is not None
