"""A few thousand messages of the kinds that `make fuzz` sends by the million."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from benchmarks.fuzz.messages import UNREGISTERED, WORLD, devices
from benchmarks.fuzz.sender import FuzzLoad, FuzzLoadPlan
from rencheng.store.registry.devices import add_world, register
from tests.conftest import Broker
from tests.support.device_client import DeviceClient
from tests.support.ingest import IngestProcess, counts, sample, scalar
from tests.support.polling import eventually

MESSAGES, GOOD = 3000, 20


@pytest.fixture
def fuzzers(broker: Broker, database: Engine) -> Iterator[dict[str, str]]:
    """Return the passwords of the fuzzing devices. All but one are registered, in an exercise of their own."""
    with database.begin() as connection:
        add_world(connection, WORLD, "Fuzzing")
        register(connection, [(device, None) for device in devices(datetime.now(UTC))])
    names = [*(device.device_id for device in devices(datetime.now(UTC))), UNREGISTERED]
    broker.add_accounts(*names)
    yield {name: broker.passwords[name] for name in names}
    with database.begin() as connection:
        connection.execute(text("DELETE FROM devices WHERE world = :world"), {"world": WORLD})


def test_every_fuzzed_message_is_counted_and_the_other_devices_go_on(
    ingest: IngestProcess,
    fuzzers: dict[str, str],
    connect: Callable[[str], DeviceClient],
    database: Engine,
    broker: Broker,
) -> None:
    load = FuzzLoad(FuzzLoadPlan(broker.address[1], fuzzers, seed=7, messages=MESSAGES, per_s=1e6))
    good = connect("G1")
    load.wait_until_ready()
    load.start()
    for number in range(GOOD):
        good.send(sample(seconds_ago=number))
    sent = load.result()

    eventually(lambda: sum(counts(database)), sent.readings + GOOD)
    stored, _, quarantined = counts(database)
    assert scalar(database, "SELECT sum(times) FROM quarantine") == quarantined > MESSAGES // 2
    assert stored > MESSAGES // 10
    assert scalar(database, "SELECT count(*) FROM waterlogging_readings WHERE device_id = 'G1'") == GOOD
    assert ingest.is_running
    assert "Traceback" not in ingest.output()
