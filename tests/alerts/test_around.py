"""A signal near by is heard, and what it tells stands in the warning; it makes no warning of its own."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from rencheng.domain.device import Device
from rencheng.domain.evidence import Evidence, EvidenceKind
from rencheng.domain.kind import Kind
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.messages.warning_json import warning_document
from rencheng.store.registry.devices import register
from rencheng.text.sentences import compose
from tests.alerts.conftest import MakeGauge
from tests.alerts.services import REGION, Dispatcher, Gauge, Service, eventually, hasty_site, watch
from tests.alerts.test_outbox import Flood
from tests.conftest import Broker
from tests.support.cap_messages import PUBLISHER


class SignalBox(Gauge):
    """A signal's controller on MQTT."""

    def tell(self, event_id: int, parameter: int) -> None:
        eventually(self._client.is_connected, expected=True)
        item = {"time": datetime.now(UTC).isoformat(), "event_id": event_id, "parameter": parameter}
        topic = self._topic.replace("waterlogging", "signal")
        self._client.publish(topic, json.dumps(item), qos=1).wait_for_publish(20)


def test_a_signal_that_lost_its_power_stands_in_the_grounds_of_the_warning_and_makes_none(
    alerts: Service, database: Engine, gauge: MakeGauge, dispatcher: Dispatcher, broker: Broker
) -> None:
    one = hasty_site(1)
    sensors = (*one.sensors, BoundSensor("X1", Role.SIGNAL))
    watch(database, replace(one, sensors=sensors, depth_gauge_ids=(), rain_gauge_ids=()))
    with database.begin() as connection:
        register(connection, [(Device("X1", Kind.SIGNAL, REGION), None)])
    water = gauge("G1")
    box = SignalBox(broker, "X1")
    alerts.start()
    alerts.says("around the sites")
    water.send(0)
    box.tell(182, 0)
    eventually(lambda: _supports(dispatcher, water, box), ["signal_without_power"])
    box.close()

    assert dispatcher.types("S1")[0] == "Alert"


def _supports(dispatcher: Dispatcher, water: Gauge, box: SignalBox) -> list[str]:
    """Of the newest warning; until it is there, the water rises."""
    if not dispatcher.heard:
        box.tell(1, 2)
        water.send(300)
        return []
    return [sign["kind"] for sign in dispatcher.heard[-1][1]["grounds"]["corroborates"]]


def test_a_sign_is_told_in_both_languages_and_in_the_document() -> None:
    flood = Flood(1)
    [said], _ = flood.rise(1, 0, 160)
    at = said.message.issued_at - timedelta(minutes=3)
    signs = (Evidence(EvidenceKind.GROUND_FAULT, "p<1>", at), Evidence(EvidenceKind.TRAFFIC_FLOWS, "s1", at))
    message, site = replace(said.message, evidence=signs), flood.book.sites["S1"]
    grounds = warning_document(compose(message, site, PUBLISHER))["grounds"]
    clock = at.astimezone().strftime("%M")

    assert "佐证：充电桩p＜1＞接地故障" in compose(message, site, PUBLISHER).chinese.description
    assert "存疑：信号机s1处车流正常" in compose(message, site, PUBLISHER).chinese.description
    english = compose(message, site, PUBLISHER).english.description
    assert "Corroborated by: charging pile p＜1＞ reports a ground fault (since " in english
    assert f":{clock}). Contradicted by: traffic flows normally at signal s1" in english
    assert [each["kind"] for each in grounds["corroborates"]] == ["ground_fault"]
    assert [each["device_id"] for each in grounds["contradicts"]] == ["s1"]
