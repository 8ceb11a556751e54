"""Tables and migrations say the same, and the way down is as sound as the way up."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

import migrations
from rencheng.domain.quality import UNUSABLE
from rencheng.store.schema.metadata import metadata

OURS = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
UNION ALL SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL SELECT typname FROM pg_type t WHERE typnamespace = 'public'::regnamespace
  AND typname NOT LIKE '%alembic_version'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
UNION ALL SELECT hypertable_name FROM timescaledb_information.hypertables
UNION ALL SELECT relname FROM pg_class WHERE relname LIKE '\\_hyper\\_%'
"""


@pytest.fixture
def empty_url(database_server: str) -> Iterator[str]:
    """A database in which nothing was migrated yet."""
    name = f"test_{secrets.token_hex(6)}"
    admin = create_engine(database_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield make_url(database_server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_url)
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))


def names(engine: Engine, query: str) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(text(query)).scalars())


def test_tables_and_a_migrated_database_do_not_differ(engine: Engine, empty_url: str) -> None:
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


def test_the_way_down_leaves_nothing_of_ours_and_the_way_up_works_again(engine: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url)
    full = names(engine, OURS)
    with engine.begin() as connection:  # a chunk, too, goes away
        connection.execute(text("INSERT INTO signal_events VALUES ('S1', now(), 1, 2, 0, now())"))
    migrations.downgrade(empty_url)
    left = names(engine, OURS)
    migrations.upgrade(empty_url)

    assert left == []
    assert names(engine, OURS) == full
    assert differences(engine) == []


def test_upgrading_what_is_up_to_date_changes_nothing(engine: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url)
    migrations.upgrade(empty_url)

    assert names(engine, "SELECT world FROM worlds") == ["actual"]


def test_a_checkout_with_a_percent_sign_in_its_path_migrates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "__file__", "/home/me/100%/migrations/__init__.py")

    assert migrations._config("").get_main_option("script_location") == "/home/me/100%/migrations"


def test_rollups_leave_out_what_is_unusable_and_nothing_else() -> None:
    sql = (Path(migrations.__file__).parent / "versions/0008_storage.rollups.sql").read_text(encoding="utf-8")
    masks = {int(mask) for mask in re.findall(r"quality & (\d+) = 0", sql)}

    assert masks == {int(UNUSABLE)}
