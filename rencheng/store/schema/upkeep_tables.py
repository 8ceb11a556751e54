"""The tables by which the platform keeps house: jobs, what rollups owe, what was dropped, gateways. Beside `tables`."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    Table,
    Text,
)
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

rollup_log = Table(
    "rollup_log",
    metadata,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("device_id", Text, comment="null: any device"),
    Column("begins", _time, nullable=False),
    Column("ends", _time, nullable=False),
    CheckConstraint("begins < ends", name="rollup_log_has_length"),
    Index("rollup_log_by_time", "level", "kind", "begins"),
)

storage_horizons = Table(
    "storage_horizons",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("level", Text, primary_key=True),
    Column("dropped_before", _time, nullable=False),
)

gateways = Table(
    "gateways",
    metadata,
    Column("region", ForeignKey("regions.region"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("mqtt_password_hash", Text, nullable=False),
)
