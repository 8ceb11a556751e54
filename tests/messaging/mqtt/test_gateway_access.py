"""A gateway speaks for the devices of its kind in its region, and for nobody else."""

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

PILES = Gateway("370102", Kind.CHARGING)
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


class Line:
    """A gateway's connection, and what it heard. It does not come back by itself."""

    def __init__(self, broker: Broker, password: str) -> None:
        self.answers: list[str] = []
        self.heard: list[str] = []
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="a gateway", reconnect_on_failure=False)
        self.client.username_pw_set(PILES.account, password)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.answers.append(str(reason))
        self.client.on_message = lambda _c, _d, message: self.heard.append(message.topic)
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect(*broker.address)
        self.client.loop_start()
        eventually(lambda: bool(self.answers))
        if self.let_in:
            self.client.subscribe("rencheng/v1/#", qos=1)
            assert subscribed.wait(20)

    @property
    def let_in(self) -> bool:
        return self.answers == ["Success"]

    def say(self, topic: str) -> None:
        self.client.publish(topic, b"{}", qos=1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def line_that_is(broker: Broker, password: str, *, let_in: bool) -> Line:
    """A broker reads its accounts in its own time."""
    lines: list[Line] = []

    def comes() -> bool:
        lines.append(Line(broker, password))
        if lines[-1].let_in is not let_in:
            lines.pop().close()
        return bool(lines)

    eventually(comes)
    return lines[0]


def test_it_publishes_for_its_own_alone_and_reads_nobodys_readings(
    broker: Broker, database: Engine, accounts: BrokerAccounts
) -> None:
    password = register_gateway_account(database, PILES, actor="a test")
    write_account_file(database, accounts)
    broker.server.reload()
    user, word = broker.account("operator")
    with listening(user=user, password=word, address=broker.address) as listener:
        for topic in (OTHER_KIND, OTHER_REGION, WARNING, "rencheng/v1/370102/charging/p1/command"):
            refused = line_that_is(broker, password, let_in=True)
            refused.say(topic)
            eventually(lambda line=refused: not line.client.is_connected())  # type: ignore[misc]
            refused.close()
        line = line_that_is(broker, password, let_in=True)
        line.say(OURS)
        listener.wait_until(lambda: bool(listener.messages))
        line.close()

        assert [topic for topic, _ in listener.messages] == [OURS]
    assert line.heard == []


def test_one_that_is_removed_gets_in_no_more(broker: Broker, database: Engine, accounts: BrokerAccounts) -> None:
    password = register_gateway_account(database, PILES, actor="a test")
    write_account_file(database, accounts)
    broker.server.reload()
    line_that_is(broker, password, let_in=True).close()
    with database.begin() as connection:
        gone = [remove_gateway(connection, PILES), remove_gateway(connection, PILES)]
    write_account_file(database, accounts)
    broker.server.reload()
    line_that_is(broker, password, let_in=False).close()

    assert gone == [True, False]
    assert PILES.account not in broker.server.acl_file.read_text()


def test_a_region_that_is_none_is_refused(database: Engine) -> None:
    with pytest.raises(NotPossible, match="GB/T 2260"):
        register_gateway_account(database, Gateway("37010#", Kind.CHARGING), actor="a test")
