"""Devices log in with their own password, and cannot use the name of a service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import SecretStr
from sqlalchemy import Engine

from rencheng.devices.registration import register_devices, write_account_file
from rencheng.domain.device import Device
from rencheng.domain.errors import Misconfigured, NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel
from rencheng.messaging.mqtt.accounts import write_password_file
from rencheng.runtime.settings import BrokerAccounts
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import add_region, load_directory, retire
from tests.conftest import Broker
from tests.support.polling import eventually

REGION = "370102"


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="accounts tests")
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(broker: Broker) -> BrokerAccounts:
    passwords = {
        f"mqtt_{name}_password": SecretStr(broker.passwords[f"rencheng-{name}"])
        for name in ("ingest", "alerts", "operator")
    }
    return BrokerAccounts(mqtt_password_file=broker.server.password_file, **passwords)  # type: ignore[arg-type]


def login(broker: Broker, name: str, password: str) -> str:
    """Try to log in, and return the reply of the broker."""
    replies: list[str] = []

    def connected(_c: Client, _d: object, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None) -> None:
        replies.append(str(reason))

    client = Client(CallbackAPIVersion.VERSION2, client_id=f"try-{name}")
    client.username_pw_set(name, password)
    client.on_connect = connected
    client.connect(*broker.address)
    client.loop_start()
    eventually(lambda: bool(replies))
    client.disconnect()
    client.loop_stop()
    return replies[0]


def gauge(name: str) -> Device:
    return Device(name, Kind.WATERLOGGING, REGION)


def test_a_registered_device_logs_in_and_a_retired_one_cannot(
    broker: Broker, database: Engine, accounts: BrokerAccounts
) -> None:
    passwords = register_devices(database, [gauge("G1"), gauge("G2.-_x")])
    before = login(broker, "G1", passwords["G1"])
    written = write_account_file(database, accounts)
    broker.server.reload()
    eventually(lambda: [login(broker, *account) for account in passwords.items()], ["Success", "Success"])
    with database.begin() as connection:
        retire(connection, "G1")
    write_account_file(database, accounts)
    broker.server.reload()

    assert before == "Not authorized"
    assert written == 5
    eventually(lambda: login(broker, "G1", passwords["G1"]), "Not authorized")
    assert login(broker, "G2.-_x", passwords["G2.-_x"]) == "Success"
    assert login(broker, *broker.account("ingest")) == "Success"


def test_registering_again_brings_a_retired_device_back_with_a_new_password(
    broker: Broker, database: Engine, accounts: BrokerAccounts
) -> None:
    (old,) = register_devices(database, [gauge("G3")]).values()
    with database.begin() as connection:
        retire(connection, "G3")
    (new,) = register_devices(database, [gauge("G3")]).values()
    write_account_file(database, accounts)
    broker.server.reload()

    eventually(lambda: login(broker, "G3", new), "Success")
    assert login(broker, "G3", old) == "Not authorized"


@pytest.mark.parametrize(
    "name",
    [
        "rencheng-ingest",
        "rencheng-",
        "",
        "a/b",
        "a+",
        "#",
        "a b",
        "a:b",
        "-a",
        "a\n",
        "a\nrencheng-ingest",
        "城",
        "x" * 65,
        "actual",
        "Actual",
        "notice",
        "warning",
        "no_data",
        "v1",
        *Channel,
        "renchengX",
    ],
)
def test_a_forbidden_name_is_refused_and_nothing_is_registered(database: Engine, name: str) -> None:
    with pytest.raises(NotPossible):
        register_devices(database, [gauge("fellow"), gauge(name)])
    with database.connect() as connection:
        assert not {"fellow", name} & set(load_directory(connection))


def test_an_unknown_region_or_codec_is_refused(database: Engine) -> None:
    with pytest.raises(NotPossible, match="GB/T 2260"):
        register_devices(database, [Device("G9", Kind.SIGNAL, "37010")])
    with pytest.raises(NotPossible, match="morse"):
        register_devices(database, [Device("G9", Kind.SIGNAL, REGION, codec="morse")])


def test_the_password_file_keeps_its_owner_and_rights(broker: Broker) -> None:
    file = broker.server.password_file
    file.chmod(0o640)
    before = file.stat()
    write_password_file(file, [("G1", "$7$…")])
    after = file.stat()

    assert (after.st_uid, after.st_gid, after.st_mode & 0o777) == (before.st_uid, before.st_gid, 0o640)
    assert file.read_text(encoding="utf-8") == "G1:$7$…\n"
    assert [path.name for path in file.parent.glob("passwd*")] == ["passwd"]


def test_a_new_password_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_password_file(tmp_path / "passwd", [])

    assert (tmp_path / "passwd").stat().st_mode & 0o777 == 0o600


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="RENCHENG_MQTT_PASSWORD_FILE"):
        write_password_file(tmp_path / "none" / "passwd", [])
