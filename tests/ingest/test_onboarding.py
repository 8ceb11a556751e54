"""An unregistered device sends, is registered, and none of its readings is missing."""

from collections.abc import Callable

from sqlalchemy import Engine, text

from rencheng.devices.onboarding import onboard_devices
from rencheng.replay.attempt import IntakeLimits
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.pending_devices import list_pending
from tests.support.device_client import DeviceClient
from tests.support.ingest import IngestProcess, counts, sample, scalar
from tests.support.polling import eventually


def test_a_device_is_onboarded_while_it_sends_and_each_reading_is_stored_once(
    ingest: IngestProcess, connect: Callable[[str], DeviceClient], database: Engine, database_url: str
) -> None:
    newcomer = connect("newcomer")
    newcomer.send([sample(3600), sample(3500)])
    for second in range(20):
        newcomer.send(sample(second))
    eventually(lambda: counts(database), (0, 0, 21))
    with database.connect() as connection:
        [pending] = list_pending(connection)

    posted = [newcomer.post(sample(100 + second)) for second in range(300)]
    engine = open_database(database_url, name="admission test")
    create_staging_on_connect(engine)
    done = onboard_devices(engine, ["newcomer"], {"name": "新来的"}, limits=IntakeLimits(), actor="shell tester")
    posted += [newcomer.post(sample(1000 + second)) for second in range(50)]
    for each in posted:
        each.wait_for_publish(20)
    engine.dispose()

    assert (pending.device_id, pending.messages, pending.addresses) == ("newcomer", 21, 1)
    assert set(done.passwords) == {"newcomer"}
    eventually(lambda: counts(database), (372, 0, 0))
    assert scalar(database, "SELECT count(*) FROM waterlogging_readings") == 372
    with database.connect() as connection:
        assert list_pending(connection) == []
        assert connection.execute(text("SELECT name FROM devices WHERE device_id = 'newcomer'")).scalar() == "新来的"
