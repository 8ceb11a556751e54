"""The main job, as `make demo` does it: real floods, real servers, and a report that must add up."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import NullPool, create_engine, text

from demo.city import PLACES
from device_sims.recordings import floods
from rencheng.domain.level import Level
from rencheng.domain.site import default_profile
from tests.checkouts import Checkout, new_checkout

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with new_checkout(tmp_path_factory.mktemp("clone")) as checkout:
        yield checkout


@pytest.fixture(scope="module")
def printed(checkout: Checkout) -> str:
    """What two demos in a row printed: the second finds what the first left, and must not mind."""
    checkout.rencheng("demo", "--exit", "--speed", "2000")
    return checkout.rencheng("demo", "--exit", "--speed", "2000")


@pytest.fixture(scope="module")
def report(checkout: Checkout, printed: str) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((checkout.folder / "build/demo/report.json").read_text(encoding="utf-8"))
    return loaded


def test_the_account_adds_up_and_agrees_with_the_tables(checkout: Checkout, report: dict[str, int]) -> None:
    stack = dict(
        line.split("=", 1) for line in (checkout.folder / ".rencheng/stack.env").read_text().splitlines() if "=" in line
    )
    engine = create_engine(stack["RENCHENG_DATABASE_URL"], poolclass=NullPool)
    with engine.connect() as connection:
        tables = ("waterlogging_readings", "signal_events", "meter_values")
        rows = sum(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables)
        quarantined = connection.execute(text("SELECT coalesce(sum(times), 0) FROM quarantine")).scalar_one()

    assert report["published"] == report["stored"] + report["duplicate"] + report["quarantined"] + report["in_flight"]
    assert report["stored"] == rows
    assert report["quarantined"] == quarantined
    assert report["in_flight"] == 0


def test_every_flood_is_warned_of_with_a_cap_file_and_an_honest_lead(
    checkout: Checkout, report: dict[str, list[dict[str, object]]]
) -> None:
    rows = report["warnings"]

    assert {row["site_id"] for row in rows} == {place[0] for place in PLACES}
    assert all((checkout.folder / str(row["cap_file"])).read_text(encoding="utf-8").startswith("<?xml") for row in rows)
    for row in rows:
        place, flood = next((p, f) for p, f in zip(PLACES, floods(), strict=True) if p[0] == row["site_id"])
        threshold_mm = default_profile(place[3]).depth_mm(Level.parse(str(row["level"])))
        assert (row["lead_s"] is None) == (flood.reached_s(threshold_mm) is None), row


def test_it_tells_what_it_does(printed: str) -> None:
    for line in (
        "registered 12 sites and 19 devices",
        "replaying floods:",
        "CAP 1.2 messages are valid",
        "JN-01 示范路下穿一号 from first rain to reopening",
        "event report: build/demo/event-report.html",
        "report: build/demo/report.json",
    ):
        assert line in printed
