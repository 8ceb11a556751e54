"""The reference device on real servers: broker, ingest and database are killed, and nothing is lost."""

import itertools
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from device_sims.client import BrokerAddress, DeviceClient, SimulatedDevice
from device_sims.send_queue import SendPolicy
from device_sims.spool import Spool
from device_sims.store_and_forward import StoreAndForwardDevice
from local_stack.programs import Programs
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.store.registry.devices import add_region, register
from tests.conftest import Broker
from tests.private_database import private_server
from tests.support.device_client import REGION
from tests.support.ingest import IngestProcess, counts, scalar
from tests.support.ingest_load import stored
from tests.support.polling import eventually

ROUNDS = int(os.environ.get("RENCHENG_RECEIPTS_ROUNDS", "1"))
"""How often each server is killed: once in `make test`, many times in `make receipts`."""

WRITERS = 1 if ROUNDS == 1 else 2
NAMES = ("K1", "K2", "K3")
QUICK = SendPolicy(per_s=400, window=500, resend_after_s=2, resend_after_max_s=8)
MEASURE_S = 0.02


class Street:
    """Devices that measure until they are stopped, and what they measured."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.measured: set[tuple[str, datetime]] = set()
        self.spools = {name: Spool(folder / f"{name}.sqlite") for name in NAMES}
        self.devices_by_name: dict[str, StoreAndForwardDevice] = {}
        for name in NAMES:
            broker.add_accounts(name)
            identity = SimulatedDevice(name, Kind.WATERLOGGING, REGION, broker.passwords[name])
            client = DeviceClient(identity, BrokerAddress.parse(broker.url))
            self.devices_by_name[name] = StoreAndForwardDevice(client, self.spools[name], policy=QUICK)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._measure)

    @contextmanager
    def measuring(self) -> Iterator[None]:
        for device in self.devices_by_name.values():
            device.start()
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def stop(self) -> None:
        for device in self.devices_by_name.values():
            device.stop()

    def wait_for(self, more: int) -> None:
        """Wait until this many more readings were measured and some of them are settled."""
        goal, settled = len(self.measured) + more, self.settled
        eventually(lambda: len(self.measured) >= goal and self.settled > settled, expected=True, within_s=60)

    @property
    def settled(self) -> int:
        return len(self.measured) - self.kept

    @property
    def kept(self) -> int:
        return sum(len(spool) for spool in self.spools.values())

    def _measure(self) -> None:
        for number in itertools.count():
            if self._stop.wait(MEASURE_S):
                return
            time = datetime.now(UTC).replace(microsecond=0) + timedelta(microseconds=number % 10**6)
            for name, device in self.devices_by_name.items():
                device.record([WaterReading(name, 0, time, depth_mm=float(number % 50))])
                self.measured.add((name, time))


@pytest.mark.slow
def test_a_device_that_waits_for_receipts_loses_nothing_when_broker_worker_and_database_are_killed(
    programs: Programs, server_folder: Path, broker: Broker, tmp_path: Path
) -> None:
    with private_server(programs, server_folder) as server:
        database = create_engine(server.url("postgres"), pool_pre_ping=True)
        with database.begin() as connection:
            add_region(connection, REGION, "历下区", "Lixia")
            devices = [Device(name, Kind.WATERLOGGING, REGION, receipts=True) for name in NAMES]
            register(connection, [(device, None) for device in devices])
        environment = broker.environment(server.url("postgres")) | {"RENCHENG_INGEST_WRITERS": str(WRITERS)}
        ingest = IngestProcess(environment, tmp_path / "ingest.log")
        ingest.start()
        street = Street(broker, tmp_path)
        try:
            with street.measuring():
                broken_clock = datetime(2021, 7, 20, 16, tzinfo=UTC)
                street.devices_by_name["K1"].record([WaterReading("K1", 0, broken_clock, depth_mm=1.0)])
                for _ in range(ROUNDS):
                    street.wait_for(60)
                    server.kill()
                    broker.server.kill()
                    broker.server.start()
                    server.start()
                    street.wait_for(60)
                    ingest.kill()
                    broker.server.kill()
                    broker.server.start()
                    ingest.start()
            eventually(lambda: street.kept, 0, within_s=60)
        finally:
            street.stop()
            ingest.kill()
            sys.stderr.write(ingest.output()[-5000:])  # shown if it failed
            sys.stderr.write(str({name: device.disconnect_reason for name, device in street.devices_by_name.items()}))

        database.dispose()  # its connections were to servers that are gone
        assert stored(database) == street.measured
        assert counts(database)[0] == len(street.measured)
        assert scalar(database, "SELECT array_agg(DISTINCT reason) FROM quarantine") == ["clock_past"]
        assert {rejected.reason for rejected in street.devices_by_name["K1"].rejected} == {RejectionReason.CLOCK_PAST}
        database.dispose()
