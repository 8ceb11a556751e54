"""`python -m benchmarks.sensorthings`: the latest observation of each of 5,000 Things in one request.

The users of FROST wait for this request (its issue 287).
"""

import random
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import quote

from benchmarks.throughput.servers import start_servers
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.database import Engine, open_database
from rencheng.store.readings.merge import ReceivedReading, create_staging_on_connect, write
from rencheng.store.registry.devices import add_region, register
from services.api.__main__ import make_server
from services.api.settings import ApiSettings

THINGS = 5_000
READINGS = 24
"""Readings of each, an hour apart."""

REGION = "370102"
TIMES = 5
QUERY = "Things?$top=5000&$expand=Datastreams($expand=Observations($orderby=phenomenonTime desc;$top=1))"
SLIM = "Things?$top=5000&$select=id&$expand=Datastreams($select=id;$expand=Observations($select=result;$top=1))"
PORT = 18_710


def main() -> None:
    """Fill a database, ask, and print the times."""
    with start_servers([]) as servers:
        engine = open_database(servers.database_url, name="sensorthings benchmark")
        create_staging_on_connect(engine)
        token = _fill(engine)
        engine.dispose()
        server = make_server(ApiSettings(database_url=servers.database_url, api_port=PORT))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.1)
        try:
            for name, query in (("as clients ask", QUERY), ("with $select", SLIM)):
                _ask(name, query, token)
        finally:
            server.should_exit = True
            thread.join()


def _fill(engine: Engine) -> str:
    chosen = random.Random(1)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=READINGS)
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        names = [f"gauge-{number:05}" for number in range(THINGS)]
        devices = [Device(name, Kind.WATERLOGGING, REGION, latitude=36.6, longitude=117.0) for name in names]
        register(connection, [(device, None) for device in devices])
        for hour in range(READINGS):
            at = start + timedelta(hours=hour)
            readings = [WaterReading(name, 0, at, depth_mm=chosen.uniform(0, 300), rain_mm=0.2) for name in names]
            write(connection, [ReceivedReading(reading, at) for reading in readings])
        return api_keys.create(connection, "benchmark", (KeyScope.TELEMETRY_READ,))


def _ask(name: str, query: str, token: str) -> None:
    times_s, size = [], 0
    for _ in range(TIMES):
        connection = HTTPConnection("127.0.0.1", PORT, timeout=60)
        began = time.perf_counter()
        connection.request("GET", f"/sta/v1.1/{quote(query, safe='?$&=(;)')}", headers={"X-API-Key": token})
        answer = connection.getresponse()
        size = len(answer.read())
        times_s.append(time.perf_counter() - began)
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise SystemExit(f"the API answered {answer.status}")
    sys.stdout.write(
        f"latest of {THINGS:,} Things, {name}: best {min(times_s):.2f} s, middle {sorted(times_s)[TIMES // 2]:.2f} s,"
        f" {size / 1e6:.1f} MB\n"
    )


if __name__ == "__main__":
    main()
