"""How a partition worker measures its load."""

from services.ingest.partitions.worker import RateMeter


def test_the_rate_follows_the_messages_of_the_last_tenths_of_a_second() -> None:
    meter = RateMeter(100.0)
    for step in range(1, 101):
        meter.add(10, 100.0 + step / 100)
    busy_per_s = meter.per_s
    meter.add(5, 102.0)

    assert 900 < busy_per_s < 1200
    assert meter.per_s < 120
