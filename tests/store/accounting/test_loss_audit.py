"""The loss audit by key."""

from sqlalchemy import create_engine, text

from rencheng.store.accounting.loss_audit import LossReport, PublishedReading, audit_keys


def test_the_audit_finds_lost_unexpected_and_unquarantined_readings(database_url: str) -> None:
    engine = create_engine(database_url)
    reading = "INSERT INTO waterlogging_readings (device_id, channel, time, quality, received_at) VALUES"
    keys = [f"2026-07-20T08:00:0{second}.000000+00:00;0" for second in range(4)]
    published = [PublishedReading("waterlogging", "G1", key) for key in keys[:2]]
    published += [
        PublishedReading("waterlogging", "G1", keys[2], acknowledged=False),
        PublishedReading("waterlogging", "G1", keys[0]),
    ]
    published += [PublishedReading("waterlogging", "G1", "00" * 32, quarantined=True)]
    with engine.begin() as connection:
        for second in (0, 3):
            connection.execute(text(f"{reading} ('G1', 0, '2026-07-20 08:00:0{second}+00', 0, now())"))
        finding = audit_keys(connection, published)
    engine.dispose()

    assert finding == LossReport(keys=3, lost=1, unexpected=1, duplicated=0, not_quarantined=1)
