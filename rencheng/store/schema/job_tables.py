"""The table of the periodic jobs."""

from sqlalchemy import Column, DateTime, Integer, Interval, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)

jobs = Table(
    "jobs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("every", Interval, nullable=False),
    Column("started_at", _time, nullable=False),
    Column("finished_at", _time),
    Column("succeeded_at", _time),
    Column("failures", Integer, nullable=False, comment="since the last success"),
    Column("figures", JSONB),
    Column("error", Text),
)
