"""One device floods: the readings of the others are stored, and so are its own within the quota."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.support.device_client import DeviceClient
from tests.support.ingest import GAUGES, IngestProcess, sample, scalar
from tests.support.ingest_load import audit, under_load
from tests.support.polling import eventually

MAD = 20_000


@pytest.mark.slow
def test_a_device_that_floods_delays_no_other(
    ingest: IngestProcess, connect: Callable[[str], DeviceClient], database: Engine
) -> None:
    mad, others = connect(GAUGES[0]), [connect(name) for name in GAUGES[1:]]
    first = datetime.now(UTC) - timedelta(hours=9)
    with under_load(others) as load:
        times = [first + timedelta(seconds=number) for number in range(MAD)]
        sent = [mad.post({"time": time.isoformat(), "depth_mm": 1.0}) for time in times]
        alarm = sample(depth_mm=777.0)
        others[0].send(alarm)
        eventually(lambda: scalar(database, "SELECT count(*) FROM waterlogging_readings WHERE depth_mm = 777"), 1)
        for info in sent:
            info.wait_for_publish(60)

    published = load.published | {(mad.name, time) for time in times}
    published.add((others[0].name, datetime.fromisoformat(str(alarm["time"]))))
    audit(database, published)
