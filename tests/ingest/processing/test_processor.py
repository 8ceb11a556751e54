"""One processor by itself, on a real database."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.message import ReceivedMessage
from services.ingest.processing.processor import open_processor
from services.ingest.settings import IngestSettings
from tests.conftest import Broker
from tests.support.device_client import REGION


def message(*ages_s: float) -> ReceivedMessage:
    now = datetime.now(UTC)
    times = [(now - timedelta(seconds=age_s)).isoformat() for age_s in ages_s]
    items = [{"time": time, "depth_mm": 1} for time in times]
    return ReceivedMessage(f"rencheng/v1/{REGION}/waterlogging/G1/telemetry", json.dumps(items).encode(), now)


def test_the_messages_after_a_flood_are_dropped_undecoded_for_a_second(
    broker: Broker, database: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in broker.environment(database_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RENCHENG_INGEST_QUOTA_PER_MINUTE", "1")
    settings = IngestSettings.load()
    with open_processor(
        settings, threading.Event(), lambda _topic, _payload: True, lambda _readings: None
    ) as processor:
        flood = processor.process([message(n / 1000) for n in range(300)], received_through=datetime.now(UTC))
        after = processor.process([message(20 + n, 40 + n) for n in range(10)], received_through=datetime.now(UTC))

    assert flood.counts.stored + flood.counts.quarantined == 300
    assert flood.counts.stored < 10
    assert after.counts.quarantined == 10  # messages; decoded, they would have been 20 readings
    with database.connect() as connection:
        times = connection.execute(text("SELECT sum(times) FROM quarantine WHERE reason = 'quota'")).scalar()
    assert times == flood.counts.quarantined + 10
