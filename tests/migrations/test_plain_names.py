"""Migration 0013 renames columns, tables and stored words, and keeps every row."""

import json
from collections.abc import Mapping

import pytest
from sqlalchemy import Engine, text

import migrations
from rencheng.domain.kind import Kind
from rencheng.store.accounting.counts import ReadingCounts, totals
from rencheng.store.accounting.writer_count import writer_count
from rencheng.store.rollups.refresh import dropped_before

GROUNDS = {
    "because": [{"feature": "depth_mm", "log_odds": 1.5}],
    "witnesses": ["G1"],
    "armed_by": "rain",
    "armed_by_whom": "R1",
    "stirred": 3,
    "supports": [{"kind": "piles_offline", "device_id": "P1", "since": "2026-07-20T12:00:00+08:00"}],
    "questions": [{"kind": "traffic", "device_id": "S1", "since": "2026-07-20T12:00:00+08:00"}],
    "soonest_s": 120.0,
    "latest_s": 900.0,
    "depth_mm": None,
}
DOCUMENT = {"identifier": "w1-1", "level": "yellow", "grounds": GROUNDS, "references": []}
STATE = {"v": 3, "spell": None, "gauges": {"G1": {"trust": {"lies": 0}}}}
REASONS = {1: None, 2: "rate", 3: "untold", 4: "red_region", 5: "silence-1", 6: "maintenance-2"}
TABLES = (
    "warnings", "warning_events", "deliveries", "notices", "ingest_counts", "ingest_progress", "rollup_log",
    "storage_horizons", "site_states", "sites", "site_sensors",
)  # fmt: skip
FILL = """
INSERT INTO regions VALUES ('370102', '历下区', 'Lixia');
INSERT INTO sites (site_id, name_zh, name_en, site_type, region, world, latitude, longitude, radius_m, profile)
    VALUES ('A', '甲', 'A', 'road', '370102', 'actual', 36.6, 117.0, 200, '{}');
INSERT INTO warnings (warning_id, site_id, world, level, peak_level, opened_at, updated_at)
    VALUES ('w1', 'A', 'actual', 2, 2, now(), now());
INSERT INTO site_sensors VALUES ('A', 'P1', 'pile'), ('A', 'G1', 'depth');
INSERT INTO notices (world, kind, topic, issued_at, in_force, level, urgent, site_ids, text_zh, text_en)
    VALUES ('actual', 'blind', 'blind', now(), true, 0, false, '{A}', '甲', 'A'),
           ('actual', 'group', '370102', now(), true, 2, false, '{A}', '甲', 'A');
INSERT INTO ingest_slots (wanted) VALUES (4);
INSERT INTO ingest_counts VALUES ('2026-07-20', 'w0', 'actual', 'waterlogging', 5, 1, 2, 0);
INSERT INTO ingest_progress VALUES ('w0', now(), now(), now(), now());
INSERT INTO rollup_log (kind, level, device_id, begins, ends)
    VALUES ('waterlogging', '1h', 'G1', '2026-07-20T04:00Z', '2026-07-20T05:00Z');
INSERT INTO storage_horizons VALUES ('waterlogging', 'raw', '2026-06-01T00:00Z');
"""


@pytest.fixture
def filled(engine: Engine, empty_url: str) -> Engine:
    """A database of revision 0012 with rows in every table that the migration touches."""
    migrations.upgrade(empty_url, "0012")
    with engine.begin() as connection:
        connection.exec_driver_sql(FILL)
        for number, reason in REASONS.items():
            event = {"number": number, "reason": reason, "document": json.dumps(DOCUMENT), "name": f"w1-{number}"}
            connection.execute(
                text(
                    "WITH event AS (INSERT INTO warning_events"
                    " (warning_id, sequence, identifier, message_type, level, issued_at, document, cap_xml)"
                    " VALUES ('w1', :number, :name, 'Alert', 2, now(), CAST(:document AS jsonb), '<alert/>')"
                    " RETURNING event_id)"
                    " INSERT INTO deliveries (event_id, channel, topic, held)"
                    " SELECT event_id, 'mqtt', 'rencheng/v1/370102/warning/A', :reason FROM event"
                ),
                event,
            )
        connection.execute(
            text("INSERT INTO site_states (site_id, snapshot) VALUES ('A', CAST(:state AS jsonb))"),
            {"state": json.dumps(STATE)},
        )
    return engine


def rows(engine: Engine) -> Mapping[str, list[dict[str, object]]]:
    with engine.connect() as connection:
        tables = (*TABLES, "ingest_slots")
        return {
            table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).mappings()]
            for table in tables
        }


def column(engine: Engine, query: str) -> list[object]:
    with engine.connect() as connection:
        return list(connection.execute(text(query)).scalars())


def test_the_reasons_of_suppressed_deliveries_are_renamed(filled: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url, "0013")

    assert column(filled, "SELECT suppressed_by FROM deliveries ORDER BY event_id") == [
        None,
        "throttled",
        "never_notified",
        "inhibited",
        "silence-1",
        "maintenance-2",
    ]


def test_stored_warnings_carry_the_new_keys_with_the_same_values(filled: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url, "0013")

    documents = column(filled, "SELECT document FROM warning_events")
    assert documents == [
        {
            "identifier": "w1-1",
            "level": "yellow",
            "references": [],
            "grounds": {
                "attribution": GROUNDS["because"],
                "gauges": ["G1"],
                "armed_by": "rain",
                "armed_by_source": "R1",
                "rapid_rises_nearby": 3,
                "corroborates": [{"kind": "chargers_offline", "device_id": "P1", "since": "2026-07-20T12:00:00+08:00"}],
                "contradicts": GROUNDS["questions"],
                "earliest_s": 120.0,
                "latest_s": 900.0,
                "depth_mm": None,
            },
        }
    ] * len(REASONS)


def test_a_pile_of_a_site_is_a_charger(filled: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url, "0013")

    assert column(filled, "SELECT role FROM site_sensors ORDER BY device_id") == ["depth", "charger"]


def test_a_warning_without_grounds_is_left_as_it_is(filled: Engine, empty_url: str) -> None:
    with filled.begin() as connection:
        connection.execute(text("""UPDATE warning_events SET document = '{"grounds": {}}' WHERE sequence = 1"""))
        connection.execute(text("""UPDATE warning_events SET document = '{"level": "red"}' WHERE sequence = 2"""))
    migrations.upgrade(empty_url, "0013")

    documents = column(filled, "SELECT document FROM warning_events WHERE sequence <= 2 ORDER BY sequence")
    assert documents == [{"grounds": {}}, {"level": "red"}]


def test_notices_counts_and_state_are_read_by_the_present_code(filled: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url)

    assert column(filled, "SELECT kind || ' ' || topic FROM notices ORDER BY notice_id") == [
        "no_data no_data",
        "group 370102",
    ]
    assert column(filled, "SELECT snapshot FROM site_states") == [STATE]
    with filled.connect() as connection:
        assert writer_count(connection) == 4
        assert totals(connection, "actual") == ReadingCounts(5, 1, 2, 0)
        assert dropped_before(connection, Kind.WATERLOGGING, "raw") is not None


def test_a_late_reading_marks_its_bucket_stale_before_and_after_the_downgrade(filled: Engine, empty_url: str) -> None:
    insert = "INSERT INTO signal_events VALUES ('S1', now() - interval '{} hours', 1, 2, 0, now())"
    migrations.upgrade(empty_url, "0013")
    with filled.begin() as connection:
        connection.exec_driver_sql(insert.format(2))
    migrations.downgrade(empty_url, "0012")
    with filled.begin() as connection:
        connection.exec_driver_sql(insert.format(5))

    assert column(filled, "SELECT device_id FROM rollup_log WHERE kind = 'signal' AND level = '1min'") == ["S1", "S1"]


def test_the_way_down_restores_every_row(filled: Engine, empty_url: str) -> None:
    before = rows(filled)
    migrations.upgrade(empty_url, "0013")
    migrations.downgrade(empty_url, "0012")

    assert rows(filled) == before
