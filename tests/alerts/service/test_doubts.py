"""What may be water and is not proven, in the running service: on MQTT, in the database, and settled by people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from rencheng.domain.doubt import DoubtAnswerKind
from rencheng.domain.errors import NoLongerOpen, NotPossible
from rencheng.domain.site import SiteType
from rencheng.operations.doubts import answer_doubt, doubt_at
from tests.alerts.conftest import MakeGauge
from tests.support.alert_database import quick_site, register_sites, rows
from tests.support.mqtt_clients import Dispatch, GaugeClient
from tests.support.polling import eventually
from tests.support.services import SubscribingService

WORLD = "drill-1"
START = datetime.now(UTC) - timedelta(days=2)


def report(gauge: GaugeClient, depth_mm: float, minutes: range) -> None:
    """Send one sample a minute; in an exercise the time is that of the readings."""
    for minute in minutes:
        gauge.publish({"time": (START + timedelta(minutes=minute)).isoformat(), "depth_mm": depth_mm})


def states(dispatch: Dispatch, site_id: str) -> list[tuple[bool, str | None]]:
    topic = f"rencheng/v1/notice/doubtful/{WORLD}/{site_id}"
    return [(one["in_force"], one["doubt"]["outcome"]) for found, one in dispatch.notices if found == topic]


def answer(database: Engine, site_id: str, kind: DoubtAnswerKind) -> str:
    with database.begin() as connection:
        doubt_id = doubt_at(connection, site_id)
        answer_doubt(connection, doubt_id, kind, by="巡查二组", note="", actor="a test", site_id=site_id)
    return doubt_id


def test_a_doubt_is_published_and_a_person_settles_it_by_yes_or_no(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, dispatch: Dispatch
) -> None:
    sites = [replace(quick_site(number, WORLD), site_type=SiteType.ROAD) for number in (1, 2)]
    register_sites(database, *sites)
    alerts.start()
    flooded, parked = gauge("G1"), gauge("G2")
    for one in (flooded, parked):
        report(one, 0, range(10))
        report(one, 600, range(10, 25))
    eventually(lambda: (states(dispatch, "S1"), states(dispatch, "S2")), ([(True, None)], [(True, None)]))
    alerts.kill()
    alerts.start()
    seen, empty = answer(database, "S1", DoubtAnswerKind.CONFIRM), answer(database, "S2", DoubtAnswerKind.DENY)

    eventually(lambda: states(dispatch, "S1"), [(True, None), (False, "confirmed")])
    eventually(lambda: states(dispatch, "S2"), [(True, None), (False, "denied")])
    eventually(lambda: dispatch.types("S1"), ["Alert"])
    [(_, warned)] = dispatch.warnings
    assert (warned["level"], warned["certainty"], warned["grounds"]["confirmed_by"]) == ("red", "Observed", "巡查二组")
    assert "经巡查二组现场核实确有积水" in warned["description"]["zh"]
    kept = rows(database, "SELECT topic, in_force, cap_xml LIKE '%<certainty>Possible</certainty>%' FROM notices")
    assert sorted(kept) == [("S1", False, False), ("S1", True, True), ("S2", False, False), ("S2", True, True)]
    with pytest.raises(NoLongerOpen, match="was settled"), database.begin() as connection:
        answer_doubt(connection, seen, DoubtAnswerKind.DENY, by="x", note="", actor="a test")
    with pytest.raises(NotPossible, match="no doubt"), database.begin() as connection:
        answer_doubt(connection, empty, DoubtAnswerKind.DENY, by="x", note="", actor="a test", site_id="S1")

    report(parked, 603, range(25, 60))
    report(flooded, 603, range(25, 30))
    alerts.kill()
    alerts.start()
    report(flooded, 603, range(30, 32))
    assert dispatch.types("S2") == []
    assert states(dispatch, "S2") == [(True, None), (False, "denied")]
    assert dispatch.types("S1") == ["Alert"]
