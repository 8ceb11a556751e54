"""What the broker retains for a device goes when the device is retired, and nothing else does."""

import threading
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from rencheng.devices.broker_accounts import maintain_accounts
from rencheng.devices.registration import register_devices
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.runtime.settings import BrokerAccounts
from rencheng.store.registry.devices import retire
from tests.conftest import Broker
from tests.devices.conftest import REGION
from tests.support.device_client import DeviceClient
from tests.support.mqtt_listener import listening
from tests.support.polling import eventually

pytestmark = pytest.mark.long

GONE, STAYS = (f"rencheng/v1/{REGION}/waterlogging/{name}/state" for name in ("gone", "stays"))
INVENTED = "rencheng/v1/x1/waterlogging/stays/telemetry"


@pytest.fixture
def accounts(broker: Broker) -> BrokerAccounts:
    passwords = {
        f"mqtt_{name}_password": SecretStr(broker.passwords[f"rencheng-{name}"])
        for name in ("ingest", "alerts", "operator")
    }
    return BrokerAccounts(mqtt_password_file=broker.server.password_file, **passwords)  # type: ignore[arg-type]


@pytest.fixture
def _maintained(
    broker: Broker, database_url: str, accounts: BrokerAccounts, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setenv("RENCHENG_MQTT_URL", broker.url)
    stop = threading.Event()
    thread = threading.Thread(
        target=maintain_accounts,
        args=(database_url, accounts, stop),
        kwargs={"on_written": broker.server.reload, "check_every_s": 0.1, "clear_after_s": 1.0},
    )
    thread.start()
    yield
    stop.set()
    thread.join()


def retained(broker: Broker) -> set[str]:
    user, password = broker.account("operator")
    with listening(user=user, password=password, address=broker.address) as listener:
        listener._client.unsubscribe("rencheng/v1/#")
        eventually(lambda: True)
        threading.Event().wait(0.3)
        return {topic for topic, payload in listener.messages if payload}


def test_retained_messages_of_a_retired_device_and_of_invented_regions_are_cleared(
    broker: Broker, database: Engine, request: pytest.FixtureRequest
) -> None:
    devices = [Device(name, Kind.WATERLOGGING, REGION) for name in ("gone", "stays")]
    passwords = register_devices(database, devices)
    broker.passwords |= passwords
    broker.add_accounts()
    for name, topics in {"gone": [GONE], "stays": [STAYS, INVENTED]}.items():
        client = DeviceClient(broker, name)
        for topic in topics:
            client._client.publish(topic, b'{"status": "online"}', qos=1, retain=True).wait_for_publish(20)
        client.close()
    before = retained(broker)
    request.getfixturevalue("_maintained")
    eventually(lambda: retained(broker), {GONE, STAYS})
    with database.begin() as connection:
        retire(connection, "gone")

    assert before == {GONE, STAYS, INVENTED}
    eventually(lambda: retained(broker), {STAYS})
