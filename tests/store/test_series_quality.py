"""The tests of a series over stored rows: what they find stands beside the reading, and only there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.series_quality import SETTLED_AFTER, run
from rencheng.store.core.database import open_database
from rencheng.store.quality import delete_flags, flags_of
from rencheng.store.readings.merge import ReceivedReading, create_staging_on_connect, write
from rencheng.store.registry.devices import add_region, register
from tests.support.store import REGION

START = datetime(2026, 7, 20, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="quality tests")
    create_staging_on_connect(engine)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE devices, waterlogging_readings, series_flags, series_states CASCADE"))
        add_region(connection, REGION, "历下区", "Lixia")
        register(connection, [(Device("G", Kind.WATERLOGGING, REGION), None)])
    yield engine
    engine.dispose()


def store(engine: Engine, *depths_mm: float | None, at: datetime = START, device_id: str = "G") -> datetime:
    """Samples a minute apart; the time of the last."""
    times = [at + place * MINUTE for place in range(len(depths_mm))]
    readings = [
        WaterReading(device_id, 0, time, depth_mm, quality=Quality.MISSING if depth_mm is None else Quality(0))
        for time, depth_mm in zip(times, depths_mm, strict=True)
    ]
    with engine.begin() as connection:
        write(connection, [ReceivedReading(reading, reading.time) for reading in readings])
    return times[-1]


def found(engine: Engine, device_id: str = "G") -> dict[float, Quality]:
    """The flags by minutes since the start."""
    with engine.connect() as connection:
        rows = flags_of(connection, device_id, start=START - timedelta(days=2), end=START + timedelta(days=2))
    return {(row.time - START) / MINUTE: row.flags for row in rows}


def test_what_is_found_stands_beside_the_reading_and_the_reading_stays_as_it_came(engine: Engine) -> None:
    last = store(engine, 0, 0, 500, 0, 0)
    figures = run(engine, last + SETTLED_AFTER)

    assert figures == {"gauges": 1, "samples": 5, "flagged": 2}
    assert found(engine) == {2: Quality.SPIKE | Quality.RATE, 3: Quality.RATE, 4: Quality.NOT_EVALUATED}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT sum(quality) FROM waterlogging_readings")).scalar_one() == 0


def test_in_however_many_runs_the_findings_are_the_same(engine: Engine) -> None:
    depths = (0, 0, 150, 0, 0, 400, 0, None, 0, 100, 250, 0)
    last = store(engine, *depths)
    for minutes in range(-1, len(depths)):
        run(engine, START + minutes * MINUTE + SETTLED_AFTER)
    by_steps = found(engine)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE series_flags, series_states"))
    run(engine, last + SETTLED_AFTER)

    assert found(engine) == by_steps
    assert by_steps[5] & Quality.SPIKE
    assert 7 not in by_steps


def test_the_newest_spike_waits_for_the_next_sample_and_then_stands_or_goes(engine: Engine) -> None:
    store(engine, 0, 500)
    run(engine, START + MINUTE + SETTLED_AFTER)
    waiting = found(engine)
    store(engine, 510, 515, at=START + 2 * MINUTE)
    run(engine, START + 3 * MINUTE + SETTLED_AFTER)

    assert waiting[1] == Quality.RATE | Quality.NOT_EVALUATED
    assert found(engine) == {1: Quality.RATE, 3: Quality.NOT_EVALUATED}


def test_a_run_that_has_nothing_new_changes_nothing(engine: Engine) -> None:
    last = store(engine, 0, 0, 500, 0)
    run(engine, last + SETTLED_AFTER)
    before = found(engine)

    assert run(engine, last + SETTLED_AFTER)["samples"] == 0
    assert found(engine) == before


def test_readings_that_others_may_still_precede_are_left_for_later(engine: Engine) -> None:
    store(engine, 0, 0, 500, 0)

    assert run(engine, START + MINUTE + SETTLED_AFTER)["samples"] == 2


def test_a_gauge_that_a_site_binds_is_tested_as_well_and_a_retired_one_is_not(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO sites"
                " (site_id, name_zh, name_en, site_type, region, world, latitude, longitude, radius_m, profile)"
                " VALUES ('quality', '', '', 'road', :region, 'actual', 0, 0, 1, '{}') ON CONFLICT DO NOTHING"
            ),
            {"region": REGION},
        )
        bound = Device("B", Kind.WATERLOGGING, REGION, site_id="quality")
        retired = Device("R", Kind.WATERLOGGING, REGION, retired_at=START)
        register(connection, [(bound, None), (retired, None)])
    for device_id in ("B", "R"):
        store(engine, 0, 500, 0, 0, device_id=device_id)
    run(engine, START + timedelta(hours=1))

    assert found(engine, "B") == {1: Quality.SPIKE | Quality.RATE, 2: Quality.RATE, 3: Quality.NOT_EVALUATED}
    assert found(engine, "R") == {}
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM devices"))
        connection.execute(text("DELETE FROM sites WHERE site_id = 'quality'"))


def test_a_silence_over_days_is_a_gap_and_old_findings_can_be_forgotten(engine: Engine) -> None:
    store(engine, 0)
    run(engine, START + SETTLED_AFTER)
    last = store(engine, 0, 0, at=START + timedelta(days=1, hours=12))
    run(engine, last + SETTLED_AFTER)

    assert found(engine)[36 * 60] == Quality.GAP
    with engine.begin() as connection:
        assert delete_flags(connection, before=last) == 1
    assert set(found(engine)) == {36 * 60 + 1}
