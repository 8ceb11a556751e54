"""A gateway publishes for the devices of its kind in its region, and for no others."""

import threading
from collections.abc import Iterator

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr
from sqlalchemy import Engine

from rencheng.devices.registration import register_gateway_account, write_account_file
from rencheng.domain.errors import NotPossible
from rencheng.domain.gateway import Gateway
from rencheng.domain.kind import Kind
from rencheng.runtime.settings import BrokerAccounts
from rencheng.store.core.database import open_database
from rencheng.store.registry.gateways import remove_gateway
from tests.conftest import Broker
from tests.support.mqtt_listener import listening
from tests.support.polling import eventually

CHARGERS = Gateway("370102", Kind.CHARGING)
OURS, OTHER_KIND, OTHER_REGION, WARNING = (
    f"rencheng/v1/{where}"
    for where in (
        "370102/charging/p1/telemetry",
        "370102/waterlogging/g1/telemetry",
        "370103/charging/p1/telemetry",
        "370102/warning/s1",
    )
)


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="gateway tests")
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(broker: Broker) -> BrokerAccounts:
    passwords = {
        f"mqtt_{name}_password": SecretStr(broker.passwords[f"rencheng-{name}"])
        for name in ("ingest", "alerts", "operator")
    }
    return BrokerAccounts(mqtt_password_file=broker.server.password_file, **passwords)  # type: ignore[arg-type]


class GatewayConnection:
    """A gateway's connection, and what it received. It does not reconnect."""

    def __init__(self, broker: Broker, password: str) -> None:
        self.replies: list[str] = []
        self.received: list[str] = []
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="a gateway", reconnect_on_failure=False)
        self.client.username_pw_set(CHARGERS.account, password)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.replies.append(str(reason))
        self.client.on_message = lambda _c, _d, message: self.received.append(message.topic)
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect(*broker.address)
        self.client.loop_start()
        eventually(lambda: bool(self.replies))
        if self.is_accepted:
            self.client.subscribe("rencheng/v1/#", qos=1)
            assert subscribed.wait(20)

    @property
    def is_accepted(self) -> bool:
        return self.replies == ["Success"]

    def publish(self, topic: str) -> None:
        self.client.publish(topic, b"{}", qos=1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def connect_until(broker: Broker, password: str, *, is_accepted: bool) -> GatewayConnection:
    """Connect again until the broker has read its accounts, and accepts or refuses the gateway."""
    connections: list[GatewayConnection] = []

    def has_connected() -> bool:
        connections.append(GatewayConnection(broker, password))
        if connections[-1].is_accepted is not is_accepted:
            connections.pop().close()
        return bool(connections)

    eventually(has_connected)
    return connections[0]


def test_a_gateway_publishes_for_its_own_devices_alone_and_reads_no_readings(
    broker: Broker, database: Engine, accounts: BrokerAccounts
) -> None:
    password = register_gateway_account(database, CHARGERS, actor="a test")
    write_account_file(database, accounts)
    broker.server.reload()
    user, operator_password = broker.account("operator")
    with listening(user=user, password=operator_password, address=broker.address) as listener:
        for topic in (OTHER_KIND, OTHER_REGION, WARNING, "rencheng/v1/370102/charging/p1/command"):
            refused = connect_until(broker, password, is_accepted=True)
            refused.publish(topic)
            eventually(lambda gateway=refused: not gateway.client.is_connected())  # type: ignore[misc]
            refused.close()
        gateway = connect_until(broker, password, is_accepted=True)
        gateway.publish(OURS)
        listener.wait_until(lambda: bool(listener.messages))
        gateway.close()

        assert [topic for topic, _ in listener.messages] == [OURS]
    assert gateway.received == []


def test_a_removed_gateway_cannot_log_in(broker: Broker, database: Engine, accounts: BrokerAccounts) -> None:
    password = register_gateway_account(database, CHARGERS, actor="a test")
    write_account_file(database, accounts)
    broker.server.reload()
    connect_until(broker, password, is_accepted=True).close()
    with database.begin() as connection:
        gone = [remove_gateway(connection, CHARGERS), remove_gateway(connection, CHARGERS)]
    write_account_file(database, accounts)
    broker.server.reload()
    connect_until(broker, password, is_accepted=False).close()

    assert gone == [True, False]
    assert CHARGERS.account not in broker.server.acl_file.read_text()


def test_an_unknown_region_is_refused(database: Engine) -> None:
    with pytest.raises(NotPossible, match="GB/T 2260"):
        register_gateway_account(database, Gateway("37010#", Kind.CHARGING), actor="a test")
