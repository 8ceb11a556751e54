"""TLS on a real broker: an own authority, services and devices that check the certificate, and client certificates."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from commands.tls.authority import certificates, create_authority, files_of, issue
from device_sims.client import BrokerAddress, DeviceClient, SimulatedDevice
from local_stack.ports import choose_port
from rencheng.domain.errors import Misconfigured, NotPossible
from rencheng.domain.kind import Kind
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.settings import BrokerSettings
from tests.conftest import Broker
from tests.messaging.mqtt.sessions import ConnectionLog
from tests.support.polling import eventually

HOST = "127.0.0.1"


@dataclass
class TlsBroker:
    """A broker with a listener for devices by TLS, and one for devices with certificates, beside the plain one."""

    broker: Broker
    folder: Path
    port: int
    certificate_port: int

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.crt"

    def settings(self, **changed: object) -> BrokerSettings:
        given = {"mqtt_url": f"mqtts://{HOST}:{self.port}", "mqtt_ca_file": self.ca_file}
        return BrokerSettings.model_validate(given | changed)


@pytest.fixture
def tls(broker: Broker, tmp_path: Path) -> TlsBroker:
    folder = broker.server.folder / "tls"
    create_authority(folder)
    issue(folder, "broker", hosts=[HOST])
    for each in (folder, *folder.iterdir()):  # the broker runs under an account of its own
        if broker.server.account is not None:
            broker.server.account.own(each)
    ports = [choose_port(seed=f"{tmp_path} {number}", avoid=(broker.server.port,)) for number in range(2)]
    files = f"certfile {folder / 'broker.crt'}\nkeyfile {folder / 'broker.key'}\ncafile {folder / 'ca.crt'}\n"
    devices = f"listener {ports[0]} {HOST}\n{files}use_username_as_clientid true\n"
    by_certificate = f"listener {ports[1]} {HOST}\n{files}require_certificate true\nuse_identity_as_username true\n"
    broker.server.stop()
    broker.server.extra_config = f"{devices}{by_certificate}use_username_as_clientid true"
    broker.server.start()
    return TlsBroker(broker, folder, *ports)


def connect(
    tls: TlsBroker, name: str, client_id: str, *, port: int | None = None, context: ssl.SSLContext | None = None
) -> tuple[Client, list[str]]:
    replies: list[str] = []
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv311, reconnect_on_failure=False)
    client.tls_set_context(context or ssl.create_default_context(cafile=tls.ca_file))
    if port is None:
        client.username_pw_set(name, tls.broker.passwords[name])
    client.on_connect = lambda _c, _d, _f, reason, _p: replies.append(str(reason))
    client.connect(HOST, port or tls.port)
    client.loop_start()
    return client, replies


def test_a_service_connects_by_tls_and_checks_the_certificate(tls: TlsBroker, tmp_path: Path) -> None:
    log, other = ConnectionLog(), tmp_path / "other"
    create_authority(other)
    settings = tls.settings()
    session = Session(
        settings.mqtt_address,
        client_id="s",
        account=tls.broker.account("alerts"),
        subscriptions=["rencheng/v1/+/waterlogging/+/telemetry"],
        persistent=False,
        tls=settings.mqtt_tls,
        on_change=log,
    )
    with session:
        assert log.up.wait(20)
    context = ssl.create_default_context(cafile=other / "ca.crt")
    with socket.create_connection((HOST, tls.port)) as connection, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(connection, server_hostname=HOST)


def test_a_simulated_device_publishes_by_tls(tls: TlsBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    tls.broker.add_accounts("G1")
    monkeypatch.setenv("RENCHENG_MQTT_CA_FILE", str(tls.ca_file))
    device = SimulatedDevice("G1", Kind.WATERLOGGING, "370102", tls.broker.passwords["G1"])
    client = DeviceClient(device, BrokerAddress.parse(f"mqtts://{HOST}:{tls.port}"))
    client.start()
    client.await_connected(timeout_s=20)
    client.send(b"{}", readings=1)

    assert client.await_acknowledged(timeout_s=20)
    client.stop()


def test_on_the_listener_for_devices_no_device_cuts_off_another_by_its_client_id(tls: TlsBroker) -> None:
    tls.broker.add_accounts("G1", "G2")
    victim, replies = connect(tls, "G2", "G2")
    eventually(lambda: replies, ["Success"])
    for _ in range(5):
        attacker, attempts = connect(tls, "G1", "G2")
        eventually(lambda attempts=attempts: attempts, ["Success"])  # type: ignore[misc]
        attacker.disconnect()
        attacker.loop_stop()

    assert victim.is_connected()
    victim.disconnect()
    victim.loop_stop()


def test_a_device_logs_in_by_its_certificate_alone(tls: TlsBroker) -> None:
    tls.broker.add_accounts("G1")
    files = issue(tls.folder, "G1", hosts=[], is_client=True)
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.load_cert_chain(files.certificate, files.key)
    client, replies = connect(tls, "G1", "anything", port=tls.certificate_port, context=context)
    eventually(lambda: replies, ["Success"])
    sent = client.publish("rencheng/v1/370102/waterlogging/G1/telemetry", b"{}", qos=1)
    sent.wait_for_publish(20)
    client.publish("rencheng/v1/370102/waterlogging/G2/telemetry", b"{}", qos=1)
    eventually(client.is_connected, expected=False)
    client.loop_stop()

    assert sent.is_published()


def test_a_certificate_is_renewed_and_listed_and_no_authority_is_replaced(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="rencheng tls init"):
        issue(tmp_path, "broker", hosts=["mqtt.example.org"])
    create_authority(tmp_path)
    issue(tmp_path, "broker", hosts=["mqtt.example.org", "192.0.2.7"], days=10)
    first = files_of(tmp_path, "broker").certificate.read_bytes()
    issue(tmp_path, "broker", hosts=["mqtt.example.org", "192.0.2.7"], days=30)
    [broker, authority] = certificates(tmp_path)

    assert first != files_of(tmp_path, "broker").certificate.read_bytes()
    assert (broker.name, broker.hosts, authority.name) == ("broker", ("mqtt.example.org", "192.0.2.7"), "ca")
    assert files_of(tmp_path, "ca").key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotPossible, match="exists"):
        create_authority(tmp_path)
    with pytest.raises(NotPossible, match="own name"):
        issue(tmp_path, "ca", hosts=["x"])


def both(settings: BrokerSettings) -> None:
    """Read the address and the certificate's check, as every service does."""
    assert settings.mqtt_address
    assert settings.mqtt_tls


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"mqtt_url": "https://127.0.0.1"}, "mqtts://host:port"),
        ({"mqtt_ca_file": Path("missing.crt")}, "RENCHENG_MQTT_CA_FILE"),
        ({"mqtt_url": "mqtt://127.0.0.1"}, "use mqtts://"),
    ],
)
def test_a_wrong_setting_says_what_to_do(changed: dict[str, object], why: str) -> None:
    given = {"mqtt_url": "mqtts://127.0.0.1", "mqtt_ca_file": Path("ca.crt")}
    settings = BrokerSettings.model_validate(given | changed)
    with pytest.raises(Misconfigured, match=why):
        both(settings)
