"""The tables of commands to devices."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)


def _at(name: str) -> Column[object]:
    return Column(name, _time, nullable=False, server_default=text("now()"))


actuators = Table(
    "actuators",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("region", Text, ForeignKey("regions.region"), nullable=False),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("site_id", Text, ForeignKey("sites.site_id")),
    Column("name", Text, nullable=False),
    Column("verbs", ARRAY(Text), nullable=False),
    Column(
        "version",
        Integer,
        nullable=False,
        comment="grows with each change; approvals of commands hold for one version",
    ),
    Column(
        "mqtt_password_hash",
        Text,
        comment="of barriers, boards and pumps; null: the account of the registered device",
    ),
    Column("made_by", Text, nullable=False),
    _at("made_at"),
    Column("retired_at", _time),
    CheckConstraint(
        "kind IN ('barrier', 'board', 'pump', 'pile', 'signal', 'gauge')", name="actuators_are_of_a_known_kind"
    ),
    UniqueConstraint("device_id", "world", name="actuators_have_one_world"),
    Index("actuators_by_site", "site_id"),
)

actuator_states = Table(
    "actuator_states",
    metadata,
    Column("device_id", Text, ForeignKey("actuators.device_id", ondelete="CASCADE"), primary_key=True),
    Column("received_at", _time, primary_key=True, server_default=text("now()")),
    Column(
        "last_at",
        _time,
        nullable=False,
        server_default=text("now()"),
        comment="when the same state was reported last",
    ),
    Column("state", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("obstructed", Boolean, nullable=False),
)

commands = Table(
    "commands",
    metadata,
    Column("command_id", UUID(as_uuid=False), primary_key=True),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    Column("device_id", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("proposal_id", Text, nullable=False),
    Column("warning_id", Text),
    Column("site_id", Text),
    Column("region", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("aspect", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_due", _time),
    Column(
        "retry_at",
        _time,
        comment="when another process may publish it, if the one that began has not recorded it",
    ),
    Column("document", JSONB, nullable=False, comment="the whole state"),
    Column("events", Integer, nullable=False),
    Column("person_needed", Text, nullable=False, comment="why a person must look at the place; empty: not"),
    Column("handled_by", Text),
    Column("handled_at", _time),
    Column("handled_note", Text),
    _at("asked_at"),
    _at("changed_at"),
    UniqueConstraint("world", "asked_by", "idempotency_key", name="commands_are_asked_once"),
    ForeignKeyConstraint(
        ["device_id", "world"],
        ["actuators.device_id", "actuators.world"],
        name="commands_stay_in_their_world",
        ondelete="CASCADE",
    ),
    Index(
        "commands_open",
        "device_id",
        "aspect",
        postgresql_where=text("state IN ('asked', 'approved', 'sent', 'accepted')"),
    ),
    Index("commands_by_proposal", "proposal_id", postgresql_where=text("proposal_id <> ''")),
    Index("commands_for_people", "asked_at", postgresql_where=text("person_needed <> '' AND handled_at IS NULL")),
)


def _of_command() -> Column[object]:
    return Column(
        "command_id", UUID(as_uuid=False), ForeignKey("commands.command_id", ondelete="CASCADE"), primary_key=True
    )


command_approvals = Table(
    "command_approvals",
    metadata,
    _of_command(),
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    Column("device_version", Integer, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    _at("at"),
)

command_events = Table(
    "command_events",
    metadata,
    _of_command(),
    Column("n", Integer, primary_key=True),
    _at("at"),
    Column("kind", Text, nullable=False),
    Column("given", JSONB, nullable=False),
    Column("intents", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("refusal", Text, nullable=False),
)
