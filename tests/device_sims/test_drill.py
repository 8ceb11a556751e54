"""A drill of one storm at one place: it ends whole, and it names what is missing if people never answer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine, create_engine

from demo.drill.folder import SHIPPED, DrillForm, PartForm, StormForm, read_folder
from demo.drill.outcome import DrillOutcome, show_outcome
from demo.drill.story import DrillPlan, run_drill
from device_sims.recordings import FloodClass, FloodRecording
from device_sims.responders.habits import Habit
from rencheng.domain.errors import NotPossible
from rencheng.schemas.site import ProfileForm
from rencheng.store.calls.rosters import load_rosters
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


def one_place(*, acts: bool) -> DrillForm:
    """Return the drill of the road alone, in which everybody is prompt, or nobody ever answers."""
    form = read_folder(SHIPPED)
    [road] = [site for site in form.sites if site.site_id == "drill-road"]
    part = PartForm(habit=Habit.PROMPT if acts else Habit.NEVER)
    cast = form.cast.model_copy(
        update={
            "storm": (StormForm(site_id="drill-road", flood=0, starts_min=0),),
            "parts": {person.person_id: part for person in form.people}
            | ({"drill-keeper-a": PartForm(habit=Habit.NEVER), "drill-police-a": PartForm(by="sms")} if acts else {}),
        }
    )
    short = road.model_copy(update={"profile": ProfileForm(down_hold_s=120)})
    devices = tuple(each for each in form.actuators if each.site_id == "drill-road")
    return form.model_copy(update={"sites": (short,), "actuators": devices, "cast": cast})


def play(engine: Engine, broker: Broker, folder: Path, *, acts: bool) -> DrillOutcome:
    lead_out = timedelta(minutes=18 if acts else 3)
    plan = DrillPlan(one_place(acts=acts), 240.0, 1, lead_out, 6.0 if acts else 0.0, [STORM])
    return run_drill(engine, plan, folder, Console(file=StringIO()), broker.server.reload)


def test_a_drill_ends_whole_though_the_first_keeper_never_answers_and_a_board_refuses(
    engine: Engine, broker: Broker, tmp_path: Path
) -> None:
    outcome = play(engine, broker, tmp_path, acts=True)

    outcome.check()
    [report] = outcome.reports.values()
    assert all(report["moments"][name] for name in ("informed", "accepted", "on_site", "closed", "dry", "reopened"))
    assert {each["state"] for each in report["commands"]} == {"rejected"}
    with engine.connect() as connection:
        assert load_rosters(connection) == []


def test_where_nobody_answers_the_drill_ends_and_names_the_lost_steps(
    engine: Engine, broker: Broker, tmp_path: Path
) -> None:
    outcome = play(engine, broker, tmp_path, acts=False)

    with pytest.raises(NotPossible, match=r"the call ended in nobody.*the place was not closed"):
        outcome.check()
    printed = StringIO()
    show_outcome(Console(file=printed, width=120), outcome)
    assert "0  1" in next(line for line in printed.getvalue().splitlines() if "answered" in line)
