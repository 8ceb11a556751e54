"""A drill of a short storm: it ends whole where people answer, and names what is missing where nobody is on duty."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine, create_engine, text

from demo.drill.folder import SHIPPED, DrillForm, PartForm, StormForm, read_folder
from demo.drill.outcome import show_outcome
from demo.drill.story import DrillPlan, run_drill
from device_sims.recordings import FloodClass, FloodRecording
from device_sims.responders.habits import Habit
from rencheng.domain.errors import NotPossible
from rencheng.kpi.catalogue import KPIS
from rencheng.kpi.figures import figures_of
from rencheng.schemas.site import ProfileForm, SensorForm
from rencheng.store.calls.rosters import load_rosters
from rencheng.store.kpis.rows import KpiQuestion, kpi_rows
from tests.conftest import Broker
from tests.support.decisions import KEY

DEPTHS_MM = (0, 60, 120, 180, 240, 280, 300, 300, 250, 200, 150, 100, 50, 20, 0, 0, 0)
STORM = FloodRecording(
    "made",
    "a short flood",
    FloodClass.INLAND,
    datetime(2026, 7, 20, tzinfo=UTC),
    36.6,
    117.0,
    tuple(60 * minute for minute in range(len(DEPTHS_MM))),
    tuple(float(depth) for depth in DEPTHS_MM),
)

LAST_CLOSING = """SELECT max(e.at) FROM task_events AS e JOIN tasks AS t USING (task_id)
    WHERE e.kind = 'Finished' AND t.document -> 'template' @> '{"closes": true}'"""
CLOSED_S = f"""SELECT extract(epoch FROM ({LAST_CLOSING}) - min(e.issued_at)) FROM warning_events AS e
    JOIN warnings USING (warning_id) WHERE site_id = 'drill-road'"""
MARGIN_S = f"""SELECT extract(epoch FROM min(r.time) - ({LAST_CLOSING})) FROM waterlogging_readings AS r
    JOIN devices USING (device_id) JOIN sites AS s ON s.site_id = 'drill-road'
    WHERE r.device_id IN (SELECT device_id FROM site_sensors WHERE site_id = 'drill-road')
    AND r.depth_mm >= (SELECT min(CAST(s.profile -> 'thresholds' -> l.word ->> 'depth_mm' AS double precision))
        FROM tasks AS t JOIN (VALUES (1, 'blue'), (2, 'yellow'), (3, 'orange'), (4, 'red')) AS l (level, word)
        ON l.level = CAST(t.document -> 'template' ->> 'from_level' AS integer)
        WHERE t.document -> 'template' @> '{{"closes": true}}')"""


@pytest.fixture
def engine(broker: Broker, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    settings = broker.environment(database_url) | {
        "RENCHENG_CONTACT_KEYS": KEY,
        "RENCHENG_MQTT_PASSWORD_FILE": str(broker.server.password_file),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def two_places() -> DrillForm:
    """Return the road, whose first keeper never answers, and a lane in a district where nobody is on duty."""
    form = read_folder(SHIPPED)
    [road] = [site for site in form.sites if site.site_id == "drill-road"]
    road = road.model_copy(update={"profile": ProfileForm(down_hold_s=120)})
    gauge = (SensorForm(device_id="drill-lane-gauge"),)
    lane = road.model_copy(update={"site_id": "drill-lane", "region": "370198", "sensors": gauge})
    storm = tuple(StormForm(site_id=site.site_id, flood=0, starts_min=0) for site in (road, lane))
    parts = {"drill-keeper-a": PartForm(habit=Habit.NEVER), "drill-police-a": PartForm(by="sms")}
    cast = form.cast.model_copy(update={"storm": storm, "parts": parts})
    devices = tuple(each for each in form.actuators if each.site_id == "drill-road")
    return form.model_copy(update={"sites": (road, lane), "actuators": devices, "cast": cast})


def test_a_drill_ends_whole_where_a_deputy_answers_and_names_the_lost_steps_where_nobody_is_on_duty(
    engine: Engine, broker: Broker, tmp_path: Path
) -> None:
    plan = DrillPlan(two_places(), 200.0, 1, timedelta(minutes=18), 5.0, [STORM])
    outcome = run_drill(engine, plan, tmp_path, Console(file=StringIO()), broker.server.reload)

    by_site = {report["site"]["site_id"]: report for report in outcome.reports.values()}
    missing = {name for name, moment in by_site["drill-road"]["moments"].items() if moment is None}
    assert missing <= {"received", "delivered"}, outcome.lost
    assert {each["state"] for each in by_site["drill-road"]["commands"]} == {"rejected"}
    assert list(outcome.lost) == [by_site["drill-lane"]["warning_id"]]
    with pytest.raises(NotPossible, match=r"drill-lane.*no dispatch was made.*the call ended in nobody"):
        outcome.check()
    printed = StringIO()
    show_outcome(Console(file=printed, width=120), outcome)
    assert "1  1" in next(line for line in printed.getvalue().splitlines() if "answered" in line)
    with engine.connect() as connection:
        assert load_rosters(connection) == []
    check_key_figures(engine)


def check_key_figures(engine: Engine) -> None:
    """Check key figures of the drill against plain SQL over its rows."""
    with engine.connect() as connection:
        opened_at = connection.execute(text("SELECT min(opened_at) FROM warnings")).scalar_one()
        question = KpiQuestion(opened_at - timedelta(days=1), opened_at + timedelta(days=1), "drill")
        rows = {kpi_id: kpi_rows(connection, kpi_id, question) for kpi_id in KPIS}
        closed_s = connection.execute(text(CLOSED_S)).scalar_one()
        expected = connection.execute(text(MARGIN_S)).scalar_one()
    [closed] = figures_of("warned_to_closed", rows["warned_to_closed"])[:1]
    assert closed.p50_s == pytest.approx(float(closed_s))
    assert (closed.n, closed.missing) == (1, 0)  # the plan of the lane closes nothing
    [in_time] = figures_of("closed_before_water", rows["closed_before_water"])[:1]
    assert (in_time.value, in_time.missing) == (float(expected > 0), 0)
    [answered] = figures_of("warned_to_answered", rows["warned_to_answered"])[:1]
    assert (answered.n, answered.missing) == (1, 1)
    assert [each.value for each in rows["false_alarm_share"]] == [0, 0]
