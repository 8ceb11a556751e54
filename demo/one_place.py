"""One place of the demo from first rain to reopening: its people are simulated, and an event report tells of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console

from demo.city import PLACES, REGIONS
from demo.drill.cast import CastKeys, end_people, register_people, responders_of
from demo.drill.folder import CastForm, DrillForm, DutyForm, StormForm
from device_sims.responders.people import SimulatedPeople
from rencheng.domain.place import CITY_ZONE
from rencheng.operations.reports import make_report
from rencheng.response.calls.forms import PersonForm
from rencheng.response.reports.chain import Report
from rencheng.runtime.settings import ContactSettings
from rencheng.store.core.database import Engine
from rencheng.store.warnings.log import WarningFilters, list_warnings

SITE_ID, REGION = PLACES[0][0], PLACES[0][4]
ROLES = ("duty_officer", "keeper", "police", "drainage", "leader")
"""The roles of the default plan of an underpass, and the leader."""

REOPENED_WITHIN_S = 15.0
"""How long the reopening is waited for after the replay, seconds."""

SHOWN = ("warned", "informed", "accepted", "on_site", "closed", "dry", "reopened")


def place_form() -> DrillForm:
    """Return who is on duty at the place. Rosters are for this site alone."""
    zh, en = REGIONS[REGION]
    people = [
        PersonForm(person_id=f"demo-{role}", name=f"示范 {role}", roles=(role,), regions=(REGION,)) for role in ROLES
    ]
    duty = tuple(DutyForm(role=role, people=(f"demo-{role}",), site_id=SITE_ID) for role in ROLES)
    storm = (StormForm(site_id=SITE_ID, flood=0, starts_min=0),)
    cast = CastForm(region=REGION, region_zh=zh, region_en=en, storm=storm, duty=duty)
    return DrillForm(cast=cast, people=tuple(people))


@contextmanager
def people_on_duty(engine: Engine, world: str, speed: float) -> Iterator[tuple[SimulatedPeople, CastKeys]]:
    """Put simulated people on duty at the place; at the end their rosters, contact methods and keys end."""
    form = place_form()
    with SimulatedPeople(responders_of(form, seed=1), speed=speed, seed=1) as people:
        keys = register_people(engine, form, people, world, ContactSettings.load().contact_keys.get_secret_value())
        try:
            yield people, keys
        finally:
            end_people(engine, form, keys)


def show_place(engine: Engine, world: str, file: Path, console: Console, *, root: Path, speed: float) -> None:
    """Print what happened at the place, and write its event report. A moment that is missing is shown as missing."""
    until = time.monotonic() + REOPENED_WITHIN_S
    while (report := _report(engine, world, file)) is not None:
        if report["moments"]["reopened"] is not None or time.monotonic() > until:
            break
        time.sleep(0.5)
    if report is None:
        return
    site = report["site"]
    console.print(f"{site['site_id']} {site['name_zh']} from first rain to reopening, people simulated:")
    console.print(f"  by the storm's clock, of which a second has {speed / 60:.1f} minutes")
    console.print("  " + ", ".join(f"{name.replace('_', ' ')} {_time(report, name)}" for name in SHOWN))
    console.print(f"  event report: {file.relative_to(root)}")


def _report(engine: Engine, world: str, file: Path) -> Report | None:
    with engine.begin() as connection:
        found = list_warnings(connection, WarningFilters(world=world, site_id=SITE_ID), limit=100)
        if not found:
            return None
        gravest = max(found, key=lambda warning: warning["peak_level"])
        made = make_report(connection, gravest["warning_id"], {}, actor="demo")
    file.write_text(made["page"], encoding="utf-8")
    document: Report = made["document"]
    return document


def _time(report: Report, name: str) -> str:
    moment = report["moments"][name]
    if moment is None:
        return "–"
    return f"{datetime.fromisoformat(moment['at']).astimezone(CITY_ZONE):%H:%M}"
