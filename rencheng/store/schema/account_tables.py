"""The tables of the account: quarantine, counts of readings, progress of the writers, audit."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from rencheng.store.schema.tables import metadata

__all__ = [
    "audit", "heartbeats", "ingest_counts", "ingest_progress", "ingest_writers", "kept_answers", "metadata",
    "quarantine", "quarantine_drops",
]  # fmt: skip

_time = DateTime(timezone=True)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column(
        "position",
        Integer,
        nullable=False,
        comment="index of the reading in the message, from 0; -1 for the whole message",
    ),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("device_id", Text),
    Column("world", Text, nullable=False),
    Column("first_received_at", _time, nullable=False),
    Column("last_received_at", _time, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("replayed_at", _time),
    Column("replayed_by", Text),
    Column(
        "replayed_as",
        JSONB,
        comment="result of the replay: readings stored, duplicate, quarantined again, dropped",
    ),
    Column("fixed_topic", Text),
    Column("fixed_payload", LargeBinary),
    Index("quarantine_once", "digest", "position", "reason", unique=True, postgresql_where=text("replayed_at IS NULL")),
    Index("quarantine_by_device", "device_id", "quarantine_id"),
    Index("quarantine_by_reason", "reason", "quarantine_id"),
    Index("quarantine_by_time", "last_received_at", postgresql_using="brin"),
)

ingest_counts = Table(
    "ingest_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("writer", Text, primary_key=True),
    Column("world", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("stored", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column(
        "unpacked",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="readings that replays found in undecodable messages, beyond the one counted for each on receipt",
    ),
)

ingest_progress = Table(
    "ingest_progress",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("started_at", _time, nullable=False),
    Column("seen_at", _time, nullable=False),
    Column(
        "committed_through",
        _time,
        nullable=False,
        comment="all messages received up to this time are committed",
    ),
    Column("last_row_at", _time),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _time, nullable=False, server_default=text("now()")),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Index("audit_by_subject", "subject", "audit_id"),
    Index("audit_by_action", "action", "audit_id"),
)

quarantine_drops = Table(
    "quarantine_drops",
    metadata,
    Column("day", Date, primary_key=True),
    Column("world", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("entries", BigInteger, nullable=False),
    Column("readings", BigInteger, nullable=False),
    Column("payload_bytes", BigInteger, nullable=False),
)

ingest_writers = Table(
    "ingest_writers",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("wanted", SmallInteger, nullable=False),
    CheckConstraint("one", name="ingest_writers_is_one_row"),
    CheckConstraint("wanted BETWEEN 1 AND 16", name="ingest_writers_are_some"),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("part", Text, primary_key=True, comment="ingest, alerts, api, jobs or accounts"),
    Column("instance", Text, primary_key=True, comment="of several processes of a part; stable across restarts"),
    Column("started_at", _time, nullable=False),
    Column("at", _time, nullable=False),
    Column("has_stopped", Boolean, nullable=False, comment="it was asked to stop, and this is its last heartbeat"),
    Column("version", Text, nullable=False),
    Column("figures", JSONB, nullable=False, comment="seconds and numbers, such as lag_s and undelivered"),
)

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("name", LargeBinary, primary_key=True, comment="SHA-256 of caller, route and Idempotency-Key"),
    Column("fingerprint", LargeBinary, nullable=False, comment="SHA-256 of address and body"),
    Column(
        "answer",
        LargeBinary,
        nullable=False,
        comment="encrypted with a key that the Idempotency-Key gives and that is not kept",
    ),
    Column("made_at", _time, nullable=False, server_default=text("now()")),
    Index("kept_answers_by_age", "made_at"),
)
