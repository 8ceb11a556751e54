"""The evidence of a nearby signal is part of a warning, and makes no warning of its own."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.store.registry.devices import register
from tests.alerts.conftest import MakeGauge
from tests.conftest import Broker
from tests.support.alert_database import REGION, quick_site, register_sites
from tests.support.mqtt_clients import Dispatch, GaugeClient
from tests.support.polling import eventually
from tests.support.services import SubscribingService


class SignalController(GaugeClient):
    """A traffic signal's controller on MQTT."""

    def report(self, event_id: int, parameter: int) -> None:
        item: dict[str, object] = {"time": datetime.now(UTC).isoformat(), "event_id": event_id, "parameter": parameter}
        self.publish(item, self.topic.replace("waterlogging", "signal"))


def test_a_signal_without_power_is_part_of_the_grounds_of_a_warning_and_makes_none(
    alerts: SubscribingService, database: Engine, gauge: MakeGauge, dispatch: Dispatch, broker: Broker
) -> None:
    one = quick_site(1)
    sensors = (*one.sensors, BoundSensor("X1", Role.SIGNAL))
    register_sites(database, replace(one, sensors=sensors, depth_gauge_ids=(), rain_gauge_ids=()))
    with database.begin() as connection:
        register(connection, [(Device("X1", Kind.SIGNAL, REGION), None)])
    water = gauge("G1")
    controller = SignalController(broker, "X1")
    alerts.start()
    alerts.wait_for("broker, nearby devices")
    water.send(0)
    controller.report(182, 0)
    eventually(lambda: _corroborating(dispatch, water, controller), ["signal_without_power"])
    controller.close()

    assert dispatch.types("S1")[0] == "Alert"


def _corroborating(dispatch: Dispatch, water: GaugeClient, controller: SignalController) -> list[str]:
    """Return the corroborating evidence of the newest warning; until there is one, raise the water."""
    if not dispatch.warnings:
        controller.report(1, 2)
        water.send(300)
        return []
    return [evidence["kind"] for evidence in dispatch.warnings[-1][1]["grounds"]["corroborates"]]
