"""The log of stale rollup buckets, and the times before which data was dropped."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Table, Text

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)

rollup_log = Table(
    "rollup_log",
    metadata,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("granularity", Text, nullable=False),
    Column("device_id", Text, comment="null: any device"),
    Column("begins", _time, nullable=False),
    Column("ends", _time, nullable=False),
    CheckConstraint("begins < ends", name="rollup_log_has_length"),
    Index("rollup_log_by_time", "granularity", "kind", "begins"),
)

storage_horizons = Table(
    "storage_horizons",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("granularity", Text, primary_key=True),
    Column("dropped_before", _time, nullable=False),
)
