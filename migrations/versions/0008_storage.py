"""Storage: rollups on both editions, the log of stale buckets, and the times before which data was dropped."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic import op

from rencheng.store.hypertables.edition import edition, rollups_are_continuous

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# next to this file, because an operator can read it and paste it into psql
SQL = Path(__file__)

_HEAD = re.compile(r"^-- rollup: (?P<name>\w+) key (?P<key>[\w, ]+) chunks of (?P<days>\d+) days$", flags=re.MULTILINE)


@dataclass(frozen=True)
class _Rollup:
    name: str
    key: str
    days: int
    query: str


def upgrade() -> None:
    op.execute(SQL.with_suffix(".up.sql").read_text(encoding="utf-8"))
    make = _as_continuous_aggregate if edition(op.get_bind()).continuous_aggregates else _as_table
    if make is _as_table:
        op.execute("CREATE SCHEMA rollup")
        op.execute("GRANT USAGE ON SCHEMA rollup TO PUBLIC")  # to be asked for its size; to be read there are the views
    for rollup in _rollups():
        make(rollup)


def downgrade() -> None:
    continuous = rollups_are_continuous(op.get_bind())
    for rollup in reversed(list(_rollups())):
        op.execute(f"DROP {'MATERIALIZED VIEW' if continuous else 'VIEW'} {rollup.name}")
        if not continuous:
            op.execute(f"DROP VIEW rollup.{rollup.name}_query")
            op.execute(f"DROP TABLE rollup.{rollup.name}")
    if not continuous:
        op.execute("DROP SCHEMA rollup")
    op.execute(SQL.with_suffix(".down.sql").read_text(encoding="utf-8"))


def _rollups() -> Iterator[_Rollup]:
    text = SQL.with_suffix(".rollups.sql").read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        query = text[head.end() : after.start() if after else len(text)].strip().rstrip(";")
        yield _Rollup(head["name"], head["key"], int(head["days"]), query)


def _as_continuous_aggregate(rollup: _Rollup) -> None:
    # materialised only: a view that added what is still missing would read all readings since then at each question
    op.execute(
        f"CREATE MATERIALIZED VIEW {rollup.name}"
        " WITH (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = true)"
        f" AS {rollup.query} WITH NO DATA"
    )
    op.execute(f"SELECT set_chunk_time_interval('{rollup.name}', INTERVAL '{rollup.days} days')")


def _as_table(rollup: _Rollup) -> None:
    table = f"rollup.{rollup.name}"
    op.execute(f"CREATE VIEW {table}_query AS {rollup.query}")
    op.execute(f"CREATE TABLE {table} AS TABLE {table}_query WITH NO DATA")
    op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({rollup.key})")
    op.execute(f"SELECT create_hypertable('{table}', by_range('bucket', INTERVAL '{rollup.days} days'))")
    op.execute(f"CREATE VIEW {rollup.name} AS TABLE {table}")
