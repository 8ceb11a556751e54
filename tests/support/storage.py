"""The work of the storage jobs, for tests."""

from datetime import timedelta

from sqlalchemy import Engine, text

from rencheng.store.hypertables.columnstore import set_columnstore_policies
from rencheng.store.hypertables.edition import edition
from rencheng.store.rollups.refresh import roll_up


def settle(database: Engine) -> None:
    """Refresh all rollups up to the end of today and beyond."""
    figures = roll_up(database, budget_s=60, ahead=timedelta(days=2))
    assert figures["stale"] == 0
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM rollup_log")).scalar_one() == 0


def compress_chunks(database: Engine) -> int:
    """Compress every chunk older than a day by the policy, and return the number of compressed chunks."""
    with database.begin() as connection:
        changed = set_columnstore_policies(connection, timedelta(days=1))
        allowed = edition(connection).columnstore
    if not allowed:
        assert changed == {}
        return 0
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        policies = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression'"
        for job_id in connection.execute(text(policies)).scalars().all():
            connection.execute(text(f"CALL run_job({job_id})"))
        by_columns = "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed"
        return int(connection.execute(text(by_columns)).scalar_one())
