"""The tables of what the weather service says."""

from sqlalchemy import Boolean, Column, DateTime, Double, ForeignKey, Index, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)

rain_signals = Table(
    "rain_signals",
    metadata,
    Column("identifier", Text, primary_key=True),
    Column("world", Text, ForeignKey("worlds.world"), primary_key=True),
    Column("part", SmallInteger, primary_key=True, server_default=text("0"), autoincrement=False),
    Column("sender", Text, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("sent_at", _time, nullable=False),
    Column("effective_at", _time, nullable=False),
    Column("expires_at", _time, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("references", ARRAY(Text), nullable=False),
    Column("headline", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("document", Text, nullable=False, comment="as received; of a message with several parts, with the first"),
    Column("received_at", _time, nullable=False, server_default=text("now()")),
    Column("ends", Boolean, nullable=False, server_default=text("false"), comment="only ends what it refers to"),
    Column("withdrawn_at", _time),
    Index("rain_signals_by_time", "sent_at"),
    Index("rain_signals_by_receipt", "received_at"),
)

rain_forecasts = Table(
    "rain_forecasts",
    metadata,
    Column("world", Text, ForeignKey("worlds.world"), primary_key=True),
    Column("region", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("valid_from", _time, primary_key=True),
    Column("valid_to", _time, primary_key=True),
    Column("issued_at", _time, primary_key=True),
    Column("rain_mm", Double, nullable=False),
    Column("received_at", _time, nullable=False, server_default=text("now()")),
    Column("withdrawn_at", _time),
    Index("rain_forecasts_by_end", "valid_to"),
)

rain_nowcasts = Table(
    "rain_nowcasts",
    metadata,
    Column("site_id", Text, ForeignKey("sites.site_id", ondelete="CASCADE"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("issued_at", _time, primary_key=True),
    Column("members", JSONB, nullable=False, comment="[share, [[seconds ahead, mm until then], ...]] each"),
    Column("received_at", _time, nullable=False, server_default=text("now()")),
    Index("rain_nowcasts_by_receipt", "received_at"),
)
