"""The tables of roles, logins and sessions of people."""

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
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)


role_assignments = Table(
    "role_assignments",
    metadata,
    Column("assignment_id", BigInteger, Identity(always=True), primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("role", Text, nullable=False),
    Column(
        "regions",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="with all below them; empty: all regions",
    ),
    Column("worlds", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("up_to", SmallInteger, comment="the highest level that the person approves; null: any"),
    Column("until", _time),
    Column("made_by", Text, nullable=False),
    Column("made_at", _time, nullable=False, server_default=text("now()")),
    Column("ended_by", Text),
    Column("ended_at", _time),
)
Index(
    "role_assignments_by_person",
    role_assignments.c.person_id,
    postgresql_where=role_assignments.c.ended_at.is_(None),
)

person_logins = Table(
    "person_logins",
    metadata,
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("changed_at", _time, nullable=False, server_default=text("now()")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("locked_until", _time),
    Column("second_factor", LargeBinary, comment="encrypted with RENCHENG_CONTACT_KEYS"),
    Column("second_factor_on", Boolean, nullable=False, server_default=text("false")),
    Column(
        "last_step",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="the time step of the newest code that was accepted; no code is accepted twice",
    ),
)

person_sessions = Table(
    "person_sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person_id", Text, ForeignKey("people.person_id")),
    Column("name", Text, nullable=False),
    Column(
        "roles",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="roles of the session alone: by groups of the identity provider, or of a display",
    ),
    Column("made_by", Text, nullable=False),
    Column("made_at", _time, nullable=False, server_default=text("now()")),
    Column("last_used_at", _time, nullable=False, server_default=text("now()")),
    Column("idle_s", Integer, comment="the session ends when it was not used for this time; null: never"),
    Column("expires_at", _time, nullable=False),
    Column("revoked_at", _time),
    CheckConstraint("kind IN ('local', 'oidc', 'display')", name="person_sessions_kind_check"),
    CheckConstraint("kind = 'display' OR person_id IS NOT NULL", name="person_sessions_name_a_person"),
)
Index("person_sessions_by_person", person_sessions.c.person_id, postgresql_where=person_sessions.c.revoked_at.is_(None))
