"""The tables of the quality tests that need a series: their flags and their state."""

from sqlalchemy import Column, DateTime, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)

series_flags = Table(
    "series_flags",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("time", _time, primary_key=True),
    Column("channel", SmallInteger, primary_key=True),
    Column("flags", SmallInteger, nullable=False, comment="bits of Quality; a reading without a row has no flags"),
    Column("evaluated_at", _time, nullable=False, server_default=text("now()")),
)

series_states = Table(
    "series_states",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column(
        "evaluated_through", _time, nullable=False, comment="readings up to this sample time are not evaluated again"
    ),
    Column("channels", JSONB, nullable=False, comment="state of the quality tests, by channel"),
)
