"""The tables in Python equal the migrated schema, and every migration can be taken back."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

import migrations
from rencheng.domain.quality import UNUSABLE
from rencheng.store.schema.metadata import metadata

OWN_OBJECTS = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
UNION ALL SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL SELECT typname FROM pg_type t WHERE typnamespace = 'public'::regnamespace
  AND typname NOT LIKE '%alembic_version'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
UNION ALL SELECT hypertable_name FROM timescaledb_information.hypertables
UNION ALL SELECT relname FROM pg_class WHERE relname LIKE '\\_hyper\\_%'
"""


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))


def names(engine: Engine, query: str) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(text(query)).scalars())


def test_the_tables_equal_a_migrated_database(engine: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url)

    assert differences(engine) == []


def test_the_three_kinds_are_hypertables_by_time(engine: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url)

    query = (
        "SELECT hypertable_name || '.' || column_name FROM timescaledb_information.dimensions"
        " WHERE hypertable_schema = 'public'"
    )
    assert names(engine, query) == [
        "meter_values.time",
        "signal_events.time",
        "waterlogging_readings.time",
    ]


def test_a_downgrade_removes_everything_and_an_upgrade_restores_it(engine: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url)
    full = names(engine, OWN_OBJECTS)
    with engine.begin() as connection:  # chunks are removed as well
        connection.execute(text("INSERT INTO signal_events VALUES ('S1', now(), 1, 2, 0, now())"))
    migrations.downgrade(empty_url)
    left = names(engine, OWN_OBJECTS)
    migrations.upgrade(empty_url)

    assert left == []
    assert names(engine, OWN_OBJECTS) == full
    assert differences(engine) == []


def test_an_upgrade_of_the_newest_revision_changes_nothing(engine: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url)
    migrations.upgrade(empty_url)

    assert names(engine, "SELECT world FROM worlds") == ["actual"]


def test_a_checkout_with_a_percent_sign_in_its_path_migrates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "__file__", "/home/me/100%/migrations/__init__.py")

    assert migrations._config("").get_main_option("script_location") == "/home/me/100%/migrations"


def test_rollups_exclude_exactly_the_unusable_readings() -> None:
    sql = (Path(migrations.__file__).parent / "versions/0008_storage.rollups.sql").read_text(encoding="utf-8")
    masks = {int(mask) for mask in re.findall(r"quality & (\d+) = 0", sql)}

    assert masks == {int(UNUSABLE)}
