from pathlib import Path

import pytest

from local_stack import stack
from local_stack.endpoints import Endpoints
from local_stack.mosquitto import MosquittoServer
from local_stack.passwords import password_file_text
from local_stack.paths import paths_of
from local_stack.ports import choose_port
from local_stack.programs import Programs
from local_stack.progress import SilentProgress
from local_stack.server_account import write_private_file
from tests.support.raw_mqtt import Client, service

OWN = "rencheng/v1/370102/waterlogging/gauge-1/telemetry"
FOREIGN = "rencheng/v1/370102/waterlogging/gauge-2/telemetry"
ALL = "rencheng/v1/#"


@pytest.fixture
def endpoints(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Endpoints:
    """A broker alone: no test here asks the database."""
    monkeypatch.setenv("RENCHENG_DATABASE_URL", "postgresql+psycopg://me@db.example.org/rencheng")
    return stack.up(checkout, SilentProgress())


def add_device(checkout: Path, endpoints: Endpoints, device: str) -> Client:
    """Write the whole file again, as provisioning does, then reload the broker."""
    file = endpoints.mqtt_password_file
    assert file is not None
    write_private_file(file, file.read_text() + password_file_text({device: "secret"}), None)
    assert stack.reload_broker(checkout)
    return Client(endpoints, device, "secret")


def test_nobody_gets_in_without_an_account(endpoints: Endpoints) -> None:
    assert "not authorised" in Client(endpoints).publish(OWN, ["x"]).stderr
    assert "not authorised" in Client(endpoints, "rencheng-ingest", "wrong").publish(OWN, ["x"]).stderr


def test_a_device_publishes_to_its_own_topics_only(checkout: Path, endpoints: Endpoints) -> None:
    operator, device = service(endpoints, "operator"), add_device(checkout, endpoints, "gauge-1")
    operator.subscribe("watcher", ALL)
    device.publish(FOREIGN, ["forged"])
    device.publish("rencheng/v1/370102/warning/site-1", ["forged"])
    device.publish("rencheng/v1/370102/waterlogging/gauge-1/command", ["forged"])
    device.publish(OWN, ["true"])
    assert operator.collect("watcher", ALL, count=2) == ["true"]


def test_a_device_reads_only_what_is_for_it(checkout: Path, endpoints: Endpoints) -> None:
    device, ingest = add_device(checkout, endpoints, "gauge-1"), service(endpoints, "ingest")
    device.subscribe("gauge-1", "#")
    ingest.publish("rencheng/v1/370102/waterlogging/gauge-2/reply", ["not yours"])
    ingest.publish("rencheng/v1/370102/waterlogging/gauge-1/reply", ["yours"])
    assert device.collect("gauge-1", "#", count=2) == ["yours"]


def test_services_have_what_their_work_needs(checkout: Path, endpoints: Endpoints) -> None:
    ingest, alerts, operator = (service(endpoints, name) for name in ("ingest", "alerts", "operator"))
    shared = "$share/ingest/rencheng/v1/+/+/+/telemetry"
    ingest.subscribe("in", shared)
    alerts.subscribe("al", ALL)
    operator.subscribe("op", ALL)
    alerts.publish("rencheng/v1/370102/warning/site-1", ["red"])
    ingest.publish("rencheng/v1/370102/warning/site-1", ["forged"])
    operator.publish(OWN, ["forged"])
    add_device(checkout, endpoints, "gauge-1").publish(OWN, ["reading"])
    assert ingest.collect("in", shared, count=2) == ["reading"]
    assert alerts.collect("al", ALL, count=2) == ["reading"]
    assert operator.collect("op", ALL, count=3) == ["red", "reading"]


def test_what_the_broker_accepted_survives_down_and_up(checkout: Path, endpoints: Endpoints) -> None:
    ingest, device = service(endpoints, "ingest"), add_device(checkout, endpoints, "gauge-1")
    ingest.subscribe("in", OWN)
    sent = [f"reading {number}" for number in range(3000)]  # the broker's own default would keep 1,000
    assert device.publish(OWN, sent).returncode == 0
    stack.down(checkout)
    stack.up(checkout, SilentProgress())
    assert ingest.collect("in", OWN, count=len(sent), wait_s=20) == sent


def test_accounts_stay_when_the_stack_comes_up_again(checkout: Path, endpoints: Endpoints) -> None:
    device = add_device(checkout, endpoints, "gauge-1")
    stack.down(checkout)
    stack.up(checkout, SilentProgress())
    assert device.publish(OWN, ["x"]).returncode == 0


def test_a_throw_away_broker_is_killed_and_started(programs: Programs, checkout: Path) -> None:
    folder = paths_of(checkout).folder
    folder.mkdir(mode=0o755)
    port = choose_port(seed=str(folder), avoid=())
    broker = MosquittoServer(programs, folder / "broker", port, extra_config="allow_anonymous true\nmax_connections 7")
    broker.start()
    try:
        broker.kill()
        assert not broker.is_running
        broker.start()
        anyone = Client(Endpoints(database_url="", mqtt_url=broker.url, stack_bin=programs.bin))
        assert anyone.publish("somewhere", ["x"]).returncode == 0
    finally:
        broker.stop()
    assert not broker.is_running
