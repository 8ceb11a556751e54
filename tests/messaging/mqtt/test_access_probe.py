"""What an attacker tries at the shipped broker is refused; at a careless one it is found."""

from pathlib import Path

import pytest

from commands.doctor.access_checks import check_access, check_oversize
from local_stack import mosquitto
from rencheng.messaging.mqtt.access_probe import (
    GUESSABLE_IDS,
    AccessProbeResult,
    oversize_clients,
    probe_access,
)
from tests.conftest import Broker
from tests.ingest.test_session_accounts import connect_once
from tests.support.device_client import DeviceClient
from tests.support.polling import eventually


def probe(broker: Broker) -> AccessProbeResult:
    return probe_access(broker.address, tls=None, ingest=broker.account("ingest"), operator=broker.account("operator"))


def test_the_shipped_broker_refuses_everything(broker: Broker) -> None:
    found = probe(broker)

    assert found == AccessProbeResult(anonymous=False, wrong_password=False, forged=(), oversize=False, guessable=())
    assert {one.severity for one in check_access(found)} == {"good"}


def test_what_a_careless_broker_lets_pass_is_found(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = tmp_path / "careless"
    careless.mkdir()
    settings = (mosquitto.SHARED_SETTINGS / "rencheng.conf").read_text()
    settings = settings.replace("max_packet_size 327680", "max_packet_size 1048576")
    (careless / "rencheng.conf").write_text(settings.replace("allow_anonymous false", "allow_anonymous true"))
    rules = "user rencheng-operator\ntopic readwrite rencheng/v1/#\nuser rencheng-ingest\ntopic read $SYS/#\n"
    (careless / "acl.conf").write_text(rules)
    broker.server.stop()
    monkeypatch.setattr(mosquitto, "SHARED_SETTINGS", careless)
    broker.server.start()
    for name in GUESSABLE_IDS[:1]:
        connect_once(broker, broker.account("ingest"), name, clean=False)
    found = probe(broker)

    assert (found.anonymous, found.oversize, found.guessable) == (True, True, GUESSABLE_IDS[:1])
    assert len(found.forged) == 7
    assert probe(broker).guessable == GUESSABLE_IDS[:1]
    assert "danger" in {one.severity for one in check_access(found)}


def test_a_device_that_is_cut_off_for_the_size_of_its_packets_is_named(broker: Broker) -> None:
    device = DeviceClient(broker, "G1")
    device._client.publish("rencheng/v1/370102/waterlogging/G1/telemetry", b" " * 400_000, qos=1)
    eventually(lambda: oversize_clients(broker.server.log_file.read_text()), ["G1"])
    device.close()

    assert "G1" in check_oversize(["G1"]).advice
    assert check_oversize([]).severity == "good"
