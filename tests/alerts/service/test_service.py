"""The alert service as a process: readings in, warnings out, without faults."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, text

from rencheng.cap import xml as cap
from rencheng.cap.references import references_of
from rencheng.cap.validation import violations
from tests.alerts.conftest import MakeGauge, MakeService
from tests.conftest import Broker
from tests.support.alert_database import QUICK_PROFILE, events, quick_site, register_sites, rows
from tests.support.cap_messages import schema_accepts_it
from tests.support.gauge_play import site
from tests.support.mqtt_clients import Dispatch, GaugeClient, retained
from tests.support.polling import eventually
from tests.support.services import SubscribingService

WHOLE = [(1, "Alert"), (2, "Update"), (3, "Cancel")]


def events_after_sending(gauge: GaugeClient, database: Engine, site_id: str) -> list[tuple[int, str]]:
    """Send a depth, and return the first message of its site; a repeated depth makes it Observed."""
    gauge.send(160)
    return events(database, site_id)[:1]


def test_a_flood_is_delivered_recorded_and_cleared(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, dispatch: Dispatch, broker: Broker
) -> None:
    register_sites(database, quick_site())
    alerts.start()
    street = gauge("G1")
    street.send(160, 60)
    street.send(450, 40)
    street.clear()

    eventually(lambda: events(database), WHOLE)
    eventually(lambda: dispatch.types("S1"), ["Alert", "Update", "Cancel"])
    eventually(lambda: rows(database, "SELECT count(*) FROM deliveries WHERE delivered_at IS NOT NULL"), [(3,)])
    [warning] = rows(database, "SELECT warning_id, world, level, peak_level, closed_at IS NOT NULL FROM warnings")
    assert warning[1:] == ("actual", 4, 4, True)
    assert retained(broker, "S1") == f"{warning[0]}-3"
    assert [document["in_force"] for _, document in dispatch.warnings] == [True, True, False]
    assert {document["status"] for _, document in dispatch.warnings} == {"Actual"}


def test_with_a_wait_readings_are_evaluated_by_sample_time_and_the_last_one_needs_no_newer_one(
    make_service: MakeService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, site("S1", "G1", "G2", by=QUICK_PROFILE))
    make_service("alerts", RENCHENG_ALERTS_WAIT_S="2").start()
    low, high = gauge("G1"), gauge("G2")
    now = datetime.now(UTC)
    high.send_at(300, now)
    low.send_at(60, now - timedelta(seconds=1))

    eventually(lambda: events(database), [(1, "Alert"), (2, "Update")])
    assert rows(database, "SELECT level FROM warning_events ORDER BY sequence") == [(1,), (3,)]


def test_the_messages_of_a_flood_are_a_valid_cap_chain(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site())
    alerts.start()
    street = gauge("G1")
    for depth_mm, ago in ((60, 90), (450, 60)):
        street.send(depth_mm, ago)
    street.clear()
    eventually(lambda: len(events(database)), 4)
    documents = [xml for (xml,) in rows(database, "SELECT cap_xml FROM warning_events ORDER BY event_id")]
    parsed = [ET.fromstring(xml) for xml in documents]  # noqa: S314 - our own
    sent = [(cap.text(a, "sender"), cap.text(a, "identifier"), cap.parse_time(cap.text(a, "sent"))) for a in parsed]

    assert [violations(xml) for xml in documents] == [[]] * 4
    assert all(schema_accepts_it(xml) for xml in documents)
    assert [[reference[1:] for reference in references_of(alert)] for alert in parsed] == [sent[:n] for n in range(4)]
    assert [cap.text(alert, "msgType") for alert in parsed] == ["Alert", "Update", "Update", "Cancel"]


def test_a_site_that_is_registered_while_it_runs_is_evaluated_at_once(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    alerts.start()
    street = gauge("G7")
    register_sites(database, quick_site(7))

    # the database notifies a moment after the commit, so that a first reading may come before it
    eventually(lambda: events_after_sending(street, database, "S7"), [(1, "Alert")])


def test_a_site_that_is_registered_in_mid_flood_is_evaluated_by_stored_readings(
    alerts: SubscribingService, ingest: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(8))
    with database.begin() as connection:
        connection.execute(text("UPDATE devices SET site_id = NULL"))
    ingest.start()
    alerts.start()
    gauge("G8").send(450, 30)
    eventually(lambda: rows(database, "SELECT count(*) FROM waterlogging_readings"), [(1,)])
    alerts.wait_for('"can_evaluate": true')  # by then the service has read the stored readings
    with database.begin() as connection:
        connection.execute(text("UPDATE devices SET site_id = 'S8'"))

    eventually(lambda: events(database, "S8"), [(1, "Alert")])


def test_two_worlds_side_by_side_do_not_disturb_each_other(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, dispatch: Dispatch
) -> None:
    register_sites(database, quick_site(1), quick_site(2, "drill-1"))
    alerts.start()
    here, there, long_ago = gauge("G1"), gauge("G2"), datetime.now(UTC) - timedelta(days=9)
    there.send_at(160, long_ago)
    here.send(160, 60)
    there.send_at(450, long_ago + timedelta(hours=1))
    here.send(450, 40)
    for minute in (61, 62):
        there.send_at(0, long_ago + timedelta(minutes=minute))
    here.clear()

    eventually(lambda: (events(database, "S1"), events(database, "S2")), (WHOLE, WHOLE))
    eventually(lambda: len(dispatch.warnings), 6)
    assert {document["status"] for _, document in dispatch.warnings if document["site"]["id"] == "S1"} == {"Actual"}
    assert {document["status"] for _, document in dispatch.warnings if document["site"]["id"] == "S2"} == {"Exercise"}
    assert {topic.split("/")[3] for topic, document in dispatch.warnings if document["site"]["id"] == "S1"} == {
        "warning"
    }
    assert {topic.split("/")[3] for topic, document in dispatch.warnings if document["site"]["id"] == "S2"} == {
        "exercise"
    }
    worlds = rows(database, "SELECT site_id, world, closed_at - opened_at < '2 min' FROM warnings ORDER BY site_id")
    assert worlds == [("S1", "actual", True), ("S2", "drill-1", False)]


def test_a_gauge_of_an_exercise_raises_nothing_at_an_actual_site(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(1), quick_site(2), quick_site(3, "drill-1"))
    with database.begin() as connection:
        connection.execute(text("UPDATE devices SET site_id = 'S1' WHERE device_id = 'G3'"))
    alerts.start()
    gauge("G3").send(450)
    gauge("G2").send(450)

    eventually(lambda: events(database, "S2"), [(1, "Alert")])
    assert events(database, "S1") == []


def test_a_service_that_stops_leaves_no_session_at_the_broker_that_could_grow(
    alerts: SubscribingService, broker: Broker, database: Engine
) -> None:
    alerts.start()
    assert alerts.stop() == 0

    found: list[bool] = []
    client = Client(CallbackAPIVersion.VERSION2, client_id="rencheng-alerts", clean_session=False)
    client.username_pw_set(*broker.account("alerts"))
    client.on_connect = lambda _c, _d, flags, _r, _p: found.append(flags.session_present)
    client.connect(*broker.address)
    client.loop_start()
    eventually(lambda: found, [False])
    client.disconnect()
    client.loop_stop()


def test_a_warning_that_cannot_be_rendered_stops_no_other_and_is_found_again(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(1), quick_site(2))
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET latitude = 95 WHERE site_id = 'S1'"))
    alerts.start()
    poisoned, sound = gauge("G1"), gauge("G2")
    poisoned.send(450, 60)
    sound.send(450, 60)
    eventually(lambda: events(database, "S2"), [(1, "Alert")])
    alerts.wait_for("no valid position")
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET latitude = 36 WHERE site_id = 'S1'"))

    eventually(lambda: events_after_sending(poisoned, database, "S1"), [(1, "Alert")])


def test_rows_that_cannot_be_read_are_logged_and_stop_no_other_site(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(1), quick_site(2), quick_site(3))
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET profile = '{}' WHERE site_id = 'S1'"))
        connection.execute(text("INSERT INTO site_states (site_id, snapshot) VALUES ('S2', '{\"state\": 7}')"))
        connection.execute(text("UPDATE devices SET codec = 'morse' WHERE device_id = 'G3'"))
    alerts.start()
    for name in ("G1", "G3", "G2"):
        gauge(name).send(450)

    eventually(lambda: events(database, "S2"), [(1, "Alert")])
    alerts.wait_for("site cannot be read")
    alerts.wait_for("the site starts from nothing")
    assert alerts.is_running


def test_a_warning_that_the_database_rejects_is_delivered_unrecorded(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine, dispatch: Dispatch
) -> None:
    register_sites(database, quick_site(1), quick_site(2))
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE warnings ADD CONSTRAINT odd CHECK (site_id <> 'S1')"))
    try:
        alerts.start()
        for name in ("G1", "G2"):
            gauge(name).send(450)

        eventually(lambda: events(database, "S2"), [(1, "Alert")])
        eventually(lambda: dispatch.types("S1"), ["Alert"])
        assert events(database, "S1") == []
        assert rows(database, "SELECT site_id FROM site_states") == [("S2",)]
    finally:
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE warnings DROP CONSTRAINT odd"))
