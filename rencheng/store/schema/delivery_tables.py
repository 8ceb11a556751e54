"""The tables of delivery: subscribers, contact methods, and the ledger of messages to them."""

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
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)


def _now(name: str) -> Column[object]:
    return Column(name, _time, nullable=False, server_default=text("now()"))


def _flag(name: str, *, default: bool, comment: str | None = None) -> Column[object]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()), comment=comment)


def _texts(name: str, default: str = "'{}'") -> Column[object]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text(default))


def _method(*, cascade: bool = False, primary_key: bool = False) -> Column[object]:
    to = ForeignKey("contact_methods.method_id", ondelete="CASCADE" if cascade else None)
    return Column("method_id", BigInteger, to, nullable=False, primary_key=primary_key)


subscribers = Table(
    "subscribers",
    metadata,
    Column("subscriber_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("level_min", SmallInteger, nullable=False, server_default="1"),
    _texts("regions"),
    _texts("site_types"),
    _texts("sites"),
    _flag("wants_updates", default=True),
    _flag("wants_notices", default=False),
    _flag(
        "wants_platform_messages",
        default=False,
        comment="gets messages about the platform itself, such as an endpoint that was disabled",
    ),
    Column("language", Text, nullable=False, server_default="both"),
    _flag("active", default=True),
    Column("version", Integer, nullable=False, server_default="1"),
    _now("created_at"),
    CheckConstraint("language IN ('zh', 'en', 'both')", name="subscribers_read_a_known_language"),
)

contact_methods = Table(
    "contact_methods",
    metadata,
    Column("method_id", BigInteger, Identity(always=True), primary_key=True),
    Column("subscriber_id", Text, ForeignKey("subscribers.subscriber_id")),
    Column("person_id", Text),
    Column("kind", Text, nullable=False),
    Column("address", LargeBinary, nullable=False, comment="encrypted with a key outside the database"),
    Column("address_hash", LargeBinary, nullable=False),
    Column("shown", Text, nullable=False, comment="the masked address, for lists"),
    _texts("worlds", "'{actual}'"),
    Column("mode", Text, nullable=False, server_default="latest"),
    Column("cap", Text, nullable=False, server_default="link"),
    Column("template", Text),
    Column("language", Text, nullable=False, server_default="both"),
    _now("created_at"),
    Column("verified_at", _time),
    Column("proved_at", _time),
    Column("ended_at", _time),
    Column("disabled_at", _time),
    Column("disabled_why", Text),
    _flag("probing", default=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", _time),
    Column("retry_at", _time),
    _flag("spare", default=False, comment="gets red from memory while the database is away"),
    Column(
        "quiet_from",
        Time,
        comment="city time; below red a person is not called by this method until quiet_until",
    ),
    Column("quiet_until", Time),
    CheckConstraint("num_nonnulls(quiet_from, quiet_until) <> 1", name="contact_methods_quiet_both"),
    CheckConstraint("num_nonnulls(subscriber_id, person_id) = 1", name="contact_methods_belong_to_one"),
    CheckConstraint("NOT spare OR subscriber_id IS NOT NULL", name="contact_methods_in_the_spare_list_have_filters"),
    CheckConstraint("mode IN ('latest', 'every')", name="contact_methods_have_a_known_mode"),
    CheckConstraint("cap IN ('none', 'link', 'inline')", name="contact_methods_have_a_known_cap"),
    Index("contact_methods_by_address", "kind", "address_hash", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("contact_methods_by_subscriber", "subscriber_id"),
    Index("contact_methods_by_person", "person_id"),
)

contact_secrets = Table(
    "contact_secrets",
    metadata,
    _method(cascade=True, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    _now("valid_from"),
    Column("valid_until", _time),
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("dispatch_id", Uuid, primary_key=True),
    _method(),
    Column("world", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("line", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("warning_id", Text),
    Column("event_id", BigInteger),
    Column("level", SmallInteger, nullable=False),
    _flag("is_end", default=False),
    Column("content", JSONB),
    Column("state", Text, nullable=False, server_default="due"),
    Column("due_at", _time, nullable=False),
    Column("expires_at", _time, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", _time),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("provider_ref", Text),
    Column("rank", SmallInteger, nullable=False, server_default="0"),
    Column("reason", Text),
    _now("made_at"),
    Column("settled_at", _time),
    CheckConstraint(
        "state IN ('due', 'leased', 'sent', 'delivered', 'read', 'doubtful', 'failed', 'overtaken', 'expired',"
        " 'cancelled')",
        name="dispatches_have_a_known_state",
    ),
    CheckConstraint(
        "source IN ('event', 'notice', 'call', 'task', 'command', 'test', 'self')",
        name="dispatches_have_a_known_source",
    ),
    Index("dispatches_due", "method_id", text("level DESC"), "due_at", postgresql_where=text("state = 'due'")),
    Index("dispatches_expiring", "expires_at", postgresql_where=text("state = 'due'")),
    Index("dispatches_leased", "lease_until", postgresql_where=text("state = 'leased'")),
    Index("dispatches_by_line", "method_id", "line", "sequence"),
    Index("dispatches_by_warning", "warning_id", "sequence"),
    Index("dispatches_by_source", "source", "source_id"),
    Index("dispatches_by_ref", "provider_ref", postgresql_where=text("provider_ref IS NOT NULL")),
    Index("dispatches_one_leased_by_line", "method_id", "line", unique=True, postgresql_where=text("state = 'leased'")),
)

attempts = Table(
    "attempts",
    metadata,
    Column("dispatch_id", Uuid, ForeignKey("dispatches.dispatch_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    _method(),
    Column("lease", Text, nullable=False),
    _now("begun_at"),
    Column("ended_at", _time),
    Column("outcome", Text),
    Column("status", Integer),
    Column("provider_code", Text),
    Column("retry_after_s", Double),
    Column("detail", Text),
    CheckConstraint("outcome IN ('delivered', 'later', 'never', 'doubtful')", name="attempts_have_a_known_outcome"),
    Index("attempts_by_method", "method_id", "begun_at"),
    comment="written before a message is sent; its outcome is added once",
)

receipts = Table(
    "receipts",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("provider_ref", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("rank", SmallInteger, nullable=False),
    Column("their_time", _time),
    _now("received_at"),
)

undispatched = Table(
    "undispatched",
    metadata,
    Column("source", Text, primary_key=True),
    Column("source_id", BigInteger, primary_key=True, autoincrement=False),
    _now("decided_at"),
)
