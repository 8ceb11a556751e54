"""The past of a registered site, from a real database, judged as set and with other thresholds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from commands.backtest.command import backtest
from commands.backtest.from_database import moment
from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.store.registry.devices import add_region, register
from rencheng.store.registry.sites import register_site

REGION = "370102"
NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)
SENSORS = (BoundSensor("bt-g"), BoundSensor("bt-rain", Role.RAIN))
ROAD = Site(
    "bt-road", "路", "Road", SiteType.ROAD, REGION, 36.6, 117.0, default_profile(SiteType.ROAD), sensors=SENSORS
)

DEPTHS_MM = [0.0] * 20 + [4.0 * minute for minute in range(36)] + [140.0] * 10 + [0.0] * 40
"""Up to 140 mm, ten below yellow, in 35 minutes."""


@pytest.fixture(scope="module")
def stored(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    row = text(
        "INSERT INTO waterlogging_readings (device_id, channel, time, depth_mm, rain_mm, quality, received_at)"
        " VALUES (:gauge, 0, :time, :depth_mm, :rain_mm, 0, :time)"
    )
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        register(connection, [(Device(name, Kind.WATERLOGGING, REGION), None) for name in ("bt-g", "bt-rain")])
        register_site(connection, ROAD)
        for minute, depth_mm in enumerate(DEPTHS_MM):
            at = {"time": NOON + timedelta(minutes=minute)}
            connection.execute(row, at | {"gauge": "bt-g", "depth_mm": depth_mm, "rain_mm": None})
            connection.execute(row, at | {"gauge": "bt-rain", "depth_mm": None, "rain_mm": 0.2})
    yield engine
    engine.dispose()


@pytest.fixture
def settings(stored: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENCHENG_DATABASE_URL", stored.url.render_as_string(hide_password=False))


def judged(out: Path, *what_if: str, until: str = "2026-07-20T23:00:00+08:00") -> list[dict[str, object]]:
    backtest(out, site=["bt-road"], begin="2026-07-20", end=until, what_if=list(what_if))
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_a_lower_threshold_shows_what_it_would_have_caught(
    settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = judged(tmp_path / "W.jsonl", "yellow=120")
    printed = capsys.readouterr()
    yellow = [line.split() for line in printed.out.splitlines() if line.split()[:1] == ["yellow"]]

    assert {line["site_id"] for line in lines} == {"bt-road"}
    assert "yellow" in {line["level"] for line in lines}
    as_set, what_if = yellow[0], yellow[1]
    assert as_set[3:6:2] == ["150", "0"]  # no flood as set
    assert what_if[3:6:2] == ["120", "1"]
    assert f"{2 * len(DEPTHS_MM)} readings at 1 sites" in printed.err


def test_without_other_thresholds_it_reports_the_issued_warnings(
    settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = judged(tmp_path / "W.jsonl")

    assert lines[0]["message"] == "alert"
    assert "what if" not in capsys.readouterr().out


def test_only_the_period_is_judged(settings: None, tmp_path: Path) -> None:
    assert judged(tmp_path / "W.jsonl", until="2026-07-20T20:05:00+08:00") == []


@pytest.mark.parametrize(
    ("site", "what_if", "text"),
    [
        ("nowhere", [], "site nowhere is not registered"),
        ("bt-road", ["yellow=40"], "thresholds must rise"),
        ("bt-road", ["green=40"], "give a level and mm"),
        ("bt-road", ["yellow"], "give a level and mm"),
    ],
)
def test_a_bad_request_is_reported(settings: None, tmp_path: Path, site: str, what_if: list[str], text: str) -> None:
    with pytest.raises(NotPossible, match=text):
        backtest(tmp_path / "W", site=[site], begin="2026-07-20", end="2026-07-21", what_if=what_if)


def test_files_and_database_are_two_things(tmp_path: Path) -> None:
    for options in ({}, {"site": ["S"]}, {"site": ["S"], "begin": "2026-07-20", "end": "x", "rain": tmp_path}):
        with pytest.raises(NotPossible, match="give --readings and --sites, or --site, --from and --to"):
            backtest(tmp_path / "W", **options)
    with pytest.raises(NotPossible, match="--to: Invalid isoformat string"):
        backtest(tmp_path / "W", site=["S"], begin="2026-07-20", end="soon")


def test_a_day_begins_where_people_live() -> None:
    assert moment("2026-07-20") == datetime(2026, 7, 19, 16, tzinfo=UTC)
    assert moment("2026-07-20T12:00:00Z") == NOON
