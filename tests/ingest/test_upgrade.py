"""An upgrade while devices publish: the schema changes under a running service, which is replaced afterwards."""

import sys
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

import migrations
from tests.support.device_client import DeviceClient
from tests.support.ingest import GAUGES, IngestProcess
from tests.support.ingest_load import Load, audit

REVISIONS = 5
"""So many of the newest migrations are one upgrade."""
PER_SECOND, DEVICES_A_LOAD = 2000, 2
"""Source of the rate: the bar of an upgrade in operation."""


@pytest.mark.long
def test_an_upgrade_under_two_thousand_readings_a_second_loses_nothing(
    ingest: IngestProcess,
    connect: Callable[[str], DeviceClient],
    database: Engine,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    migrations.downgrade(database_url, f"-{REVISIONS}")
    loads = [Load([connect(name)], per_second=PER_SECOND / DEVICES_A_LOAD) for name in GAUGES[:DEVICES_A_LOAD]]
    began_s = time.monotonic()
    for load in loads:
        load.start()
    try:
        loads[0].wait_for(2000)
        migrations.upgrade(database_url)
        loads[0].wait_for(1000)
        assert ingest.stop() == 0
        loads[0].wait_for(1000)
        ingest.start()
        loads[0].wait_for(1000)
    finally:
        for load in loads:
            load.stop()
        published = set.union(*(load.published for load in loads))
        rate = len(published) / (time.monotonic() - began_s)
        with capsys.disabled():
            sys.stderr.write(f"\n{len(published):,} readings, {rate:,.0f} a second, through {REVISIONS} migrations\n")

    audit(database, published, within_s=90)
