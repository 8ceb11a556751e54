"""The tables of suppression: silences, maintenance windows, notices, and the answers of people to doubts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)


def _scope(name: str) -> list[Column[object] | CheckConstraint]:
    return [
        Column("world", Text, ForeignKey("worlds.world"), nullable=False),
        Column("site_id", Text),
        Column("region", Text),
        Column("catchment", Text),
        Column("up_to", SmallInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("made_by", Text, nullable=False),
        Column("made_at", _time, nullable=False, server_default=text("now()")),
        Column("ended_at", _time),
        CheckConstraint("num_nonnulls(site_id, region, catchment) = 1", name=f"{name}_mean_one_thing"),
    ]


silences = Table(
    "silences",
    metadata,
    Column("silence_id", BigInteger, Identity(always=True), primary_key=True),
    *_scope("silences"),
    Column("begins_at", _time, nullable=False),
    Column("ends_at", _time, nullable=False),
    Index("silences_by_end", "ends_at"),
)

maintenance = Table(
    "maintenance",
    metadata,
    Column("maintenance_id", BigInteger, Identity(always=True), primary_key=True),
    *_scope("maintenance"),
    Column("weekdays", ARRAY(SmallInteger), nullable=False, comment="0 is Monday"),
    Column("begins", Time, nullable=False, comment="local time in Asia/Shanghai"),
    Column("lasts_s", Integer, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date),
)

notices = Table(
    "notices",
    metadata,
    Column("notice_id", BigInteger, Identity(always=True), primary_key=True),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("issued_at", _time, nullable=False),
    Column("in_force", Boolean, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("site_ids", ARRAY(Text), nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("recorded_at", _time, nullable=False, server_default=text("now()")),
    Column("doubt_id", Text),
    Column("doubt", JSONB, comment="of a notice of doubt: gauge, depths, threshold, outcome"),
    Column("cap_xml", Text),
    Index("notices_by_topic", "world", "kind", "topic", "notice_id"),
    Index("notices_by_doubt", "doubt_id", "notice_id", postgresql_where=text("doubt_id IS NOT NULL")),
)

doubt_answers = Table(
    "doubt_answers",
    metadata,
    Column("doubt_id", Text, primary_key=True),
    Column("site_id", Text, nullable=False),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("seen_by", Text, nullable=False, comment="who looked; messages name it"),
    Column("note", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", _time, nullable=False, server_default=text("now()")),
    CheckConstraint("kind IN ('confirm', 'deny')", name="doubt_answers_confirm_or_deny"),
    Index("doubt_answers_by_time", "made_at"),
)
