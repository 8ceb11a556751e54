"""The tables of calls. People, rosters and policies stand outside worlds; a call belongs to its warning's world."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
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
    Column("author", Text, ForeignKey("people.person_id"), comment="the person that the key of the author names"),
)

calls = Table(
    "calls",
    metadata,
    Column("warning_id", Text, ForeignKey("warnings.warning_id", ondelete="CASCADE"), primary_key=True),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("state", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("now_level", SmallInteger, nullable=False),
    Column("round", Integer, nullable=False),
    Column("wait_s", Double, nullable=False),
    Column("next_due", _time),
    Column("ended_by", Text, nullable=False),
    Column("document", JSONB, nullable=False, comment="the whole state"),
    Column("events", Integer, nullable=False, comment="the number of entries in call_events"),
    Column("changed_at", _time, nullable=False, server_default=text("now()")),
    Index("calls_open", "warning_id", postgresql_where=text("state <> 'ended'")),
)


def _of_call() -> Column[object]:
    key = ForeignKey("calls.warning_id", ondelete="CASCADE")
    return Column("warning_id", Text, key, primary_key=True)


call_events = Table(
    "call_events",
    metadata,
    _of_call(),
    Column("n", Integer, primary_key=True),
    Column("at", _time, nullable=False, comment="the time of the world: of an exercise its own"),
    Column("kind", Text, nullable=False),
    Column("given", JSONB, nullable=False),
    Column("roll", JSONB, nullable=False),
    Column("intents", JSONB, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("recorded_at", _time, nullable=False, server_default=text("now()")),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    _of_call(),
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("ask", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("level_seen", SmallInteger, nullable=False),
    Column("via", Text, nullable=False),
    Column(
        "recorded_by",
        Text,
        nullable=False,
        comment="who recorded it: the person by a link, or a key or shell user for the person",
    ),
    Column("note", Text, nullable=False),
    Column("at", _time, nullable=False, server_default=text("now()")),
    Column("refusal", Text, nullable=False, comment="why it changed nothing; empty: it counts"),
)

answer_links = Table(
    "answer_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("warning_id", Text, ForeignKey("calls.warning_id", ondelete="CASCADE"), nullable=False),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("ask", Integer, nullable=False),
    Column("expires_at", _time, nullable=False),
    Index("answer_links_by_expiry", "expires_at"),
)
