"""The commands for sites, weather and mutes, as an operator types them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner, Result

from commands.main import app
from rencheng.domain.errors import NotPossible
from tests.schemas.test_site import entry
from tests.support.rain_signals import cap


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENCHENG_DATABASE_URL", database_url)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sites"))
        connection.execute(text("TRUNCATE silences, maintenance, rain_signals, rain_forecasts"))
    engine.dispose()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "300"})


def output(*words: str) -> str:
    ended = run(*words)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def error(*words: str) -> str:
    exception = run(*words).exception
    assert isinstance(exception, NotPossible)
    return str(exception)


def file(folder: Path, *entries: object) -> str:
    path = folder / "sites.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return str(path)


def test_a_city_is_imported_and_shown_as_it_was(tmp_path: Path) -> None:
    one = entry(sensors=[{"device_id": "g1", "lowest_point_height_mm": 20}, {"device_id": "pump1", "role": "pump"}])
    printed = output("site", "import", file(tmp_path, one, entry(site_id="S2")))
    [shown] = json.loads(output("site", "show", "S1"))

    assert "2 sites are watched" in printed
    assert "S1: not registered yet: g1" in printed
    assert shown["sensors"] == [{"device_id": "pump1", "role": "pump", "lowest_point_height_mm": 0.0}]
    assert "S2" in output("site", "list")


def test_a_file_with_a_fault_changes_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, entry(), entry(site_id="S2", region="x"))

    assert "site 2 (S2): region" in error("site", "import", path)
    assert "site 2 (S2): region" in error("site", "import", "--check", path)
    assert "S1" not in output("site", "list")
    assert "no-such-file" in error("site", "import", "no-such-file")
    assert "1 sites, no errors" in output("site", "import", "--check", file(tmp_path, entry()))


def test_thresholds_are_changed_with_a_source_and_the_old_version_can_be_shown(tmp_path: Path) -> None:
    output("site", "import", file(tmp_path, entry()))

    assert "--source" in error("site", "set", "S1", "--threshold", "red=300")
    assert "thresholds must rise" in error("site", "set", "S1", "--threshold", "red=3", "--source", "x")
    assert "write it as yellow=180" in error("site", "set", "S1", "--threshold", "pink=3", "--source", "x")
    changed = output("site", "set", "S1", "--threshold", "red=300", "--source", "drill", "--closing-time-s", "45")
    assert "version 2" in changed
    [now] = json.loads(output("site", "show", "S1"))
    [before] = json.loads(output("site", "show", "S1", "--version", "1"))
    assert now["closing_time_s"] == 45
    assert [each["profile"]["thresholds"]["red"]["depth_mm"] for each in (now, before)] == [300, 250]
    assert "has no version 9" in error("site", "show", "S1", "--version", "9")
    assert "no site S9" in error("site", "show", "S9")


def test_a_pump_is_bound_and_unbound(tmp_path: Path) -> None:
    output("site", "import", file(tmp_path, entry()))
    output("site", "bind", "S1", "pump1", "--role", "pump")
    assert '"pump1"' in output("site", "show", "S1")
    output("site", "unbind", "S1", "pump1")
    assert '"pump1"' not in output("site", "show", "S1")
    assert "is not bound" in error("site", "unbind", "S1", "pump1")


def test_a_gauge_in_a_manhole_is_bound_with_its_crown_and_rim(tmp_path: Path) -> None:
    output("site", "import", file(tmp_path, entry()))
    manhole = output("site", "bind", "S1", "m1", "--role", "manhole", "--crown-mm", "800", "--rim-mm", "2500")

    assert "m1 is bound to S1 as manhole" in manhole
    assert "lag_s is of role upstream" in error("site", "bind", "S1", "g1", "--lag-s", "900")


def test_a_rain_signal_and_a_forecast_are_taken_in(tmp_path: Path) -> None:
    xml, forecast = tmp_path / "signal.xml", tmp_path / "forecast.json"
    xml.write_text(cap(), encoding="utf-8")
    hour = {"region": "370102", "source": "nowcast", "rain_mm": 40, "issued_at": "2026-07-20T15:00:00+08:00"}
    hour |= {"valid_from": "2026-07-20T15:00:00+08:00", "valid_to": "2026-07-20T16:00:00+08:00"}
    forecast.write_text(json.dumps([hour]), encoding="utf-8")

    assert "S1: Alert orange for 370100" in output("weather", "signal", str(xml))
    assert "already imported" in output("weather", "signal", str(xml))
    assert "1 of 1 forecasts are new" in output("weather", "forecast", str(forecast))
    forecast.write_text(json.dumps([hour | {"rain_mm": -1}]), encoding="utf-8")
    assert "rain_mm" in error("weather", "forecast", str(forecast))
    assert "signal" in output("weather", "list")


def test_a_silence_and_a_window_are_made_listed_and_ended(tmp_path: Path) -> None:
    nothing = ("mute", "silence", "--site", "S1", "--minutes", "5", "--reason", "test")
    assert "would mute nothing" in error(*nothing)
    output("site", "import", file(tmp_path, entry(catchment="C1")))
    silence = output("mute", "silence", "--site", "S1", "--minutes", "5", "--reason", "test").strip()
    every = ("--weekday", "mon", "--weekday", "thu", "--begins", "22:30", "--minutes", "60")
    window = output("mute", "maintenance", "--catchment", "C1", *every, "--reason", "pumps", "--up-to", "red").strip()
    listed = output("mute", "list")

    assert silence in listed
    assert f"{window}" in listed
    assert "mon, thu 22:30, 60 min" in listed
    assert "has ended" in output("mute", "end", silence)
    assert silence not in output("mute", "list")
    assert "no silence-9999" in error("mute", "end", "silence-9999")
    assert "name one of" in error("mute", "silence", "--minutes", "5", "--reason", "x")
