"""What the jobs do, asked for by a test; and what a test may expect of this edition."""

from datetime import timedelta

from sqlalchemy import Engine, text

from rencheng.store.hypertables.columnstore import set_columnstore_policies
from rencheng.store.hypertables.edition import edition
from rencheng.store.rollups.refresh import roll_up


def settle(database: Engine) -> None:
    """Roll up to the end of today and beyond, as the job will have by then."""
    figures = roll_up(database, budget_s=60, ahead=timedelta(days=2))
    assert figures["stale"] == 0
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM rollup_log")).scalar_one() == 0


def turn_into_columns(database: Engine) -> int:
    """Have every chunk older than a day kept by columns, by the policy itself. How many are kept so."""
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
