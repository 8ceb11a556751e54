"""The tables of calls: people, rosters and policies. They stand outside worlds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)


def _made() -> list[Column[object]]:
    return [
        Column("made_by", Text, nullable=False),
        Column("made_at", _time, nullable=False, server_default=text("now()")),
    ]


def _texts(name: str) -> Column[object]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))


people = Table(
    "people",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("organisation", Text, nullable=False, server_default=""),
    _texts("roles"),
    _texts("regions"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *_made(),
)

rosters = Table(
    "rosters",
    metadata,
    Column("roster_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("site_id", Text, comment="the one site that it is for; null: all sites of the region"),
    Column("zone", Text, nullable=False),
    Column("ranks", SmallInteger, nullable=False),
    *_made(),
)


def _period(name: str) -> list[Column[object] | CheckConstraint | Index]:
    return [
        Column("roster_id", Text, ForeignKey("rosters.roster_id", ondelete="CASCADE"), nullable=False),
        Column("rank", SmallInteger, nullable=False),
        Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
        Column("begins_at", _time, nullable=False),
        Column("ends_at", _time, nullable=False),
        CheckConstraint("begins_at < ends_at", name=f"{name}_last_some_time"),
        Index(f"{name}_by_roster", "roster_id", "ends_at"),
    ]


shifts = Table(
    "shifts",
    metadata,
    Column("shift_id", BigInteger, Identity(always=True), primary_key=True),
    *_period("shifts"),
)

overrides = Table(
    "overrides",
    metadata,
    Column("override_id", BigInteger, Identity(always=True), primary_key=True),
    *_period("overrides"),
    Column("reason", Text, nullable=False),
    *_made(),
)

call_policies = Table(
    "call_policies",
    metadata,
    Column("policy_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("region", Text, nullable=False),
    Column("form", JSONB, nullable=False),
    *_made(),
    Column("approved_by", Text),
    Column("approved_at", _time),
    Column("approved_until", _time, comment="when the approval is to be renewed; the policy stays in force"),
)
