"""The tables of pump states and tide tables."""

from sqlalchemy import CheckConstraint, Column, DateTime, Double, ForeignKey, Table, Text, text

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)

pump_reports = Table(
    "pump_reports",
    metadata,
    Column("site_id", Text, ForeignKey("sites.site_id", ondelete="CASCADE"), primary_key=True),
    Column("pump", Text, primary_key=True),
    Column("begins_at", _time, primary_key=True),
    Column("ends_at", _time, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('running', 'stopped', 'failed')"), nullable=False),
    Column("received_at", _time, nullable=False, server_default=text("now()")),
)

high_waters = Table(
    "high_waters",
    metadata,
    Column("site_id", Text, ForeignKey("sites.site_id", ondelete="CASCADE"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("at", _time, primary_key=True),
    Column("depth_mm", Double, nullable=False, comment="at the lowest point of the site"),
    Column("received_at", _time, nullable=False, server_default=text("now()")),
)
