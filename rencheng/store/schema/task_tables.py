"""The tables of plans and tasks. Plans stand outside worlds; incidents, tasks and responses belong to one."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)


def _now(name: str) -> Column[object]:
    return Column(name, _time, nullable=False, server_default=text("now()"))


def _text(name: str, comment: str | None = None) -> Column[object]:
    return Column(name, Text, nullable=False, comment=comment)


def _incident() -> Column[object]:
    key = ForeignKey("incidents.warning_id", ondelete="CASCADE")
    return Column("warning_id", Text, key, nullable=False)


def _at() -> Column[object]:
    return Column("at", _time, nullable=False, comment="the time of the world: of an exercise its own")


plans = Table(
    "plans",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    _text("region"),
    Column("form", JSONB, nullable=False),
    _text("made_by"),
    _now("made_at"),
    Column("author_id", Text, comment="the person who wrote it; null: the key names no person"),
    Column("approved_at", _time, comment="when enough people had approved it"),
    Column("approved_until", _time, comment="when the approval is to be renewed; the plan stays in force"),
)

plan_approvals = Table(
    "plan_approvals",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    _text("approved_by"),
    _now("at"),
    ForeignKeyConstraint(["plan_id", "version"], ["plans.plan_id", "plans.version"], ondelete="CASCADE"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("warning_id", Text, ForeignKey("warnings.warning_id", ondelete="CASCADE"), primary_key=True),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    _text("site_id"),
    _text("region"),
    Column("level", SmallInteger, nullable=False, comment="the highest level for which tasks were generated"),
    _text("plan_id"),
    Column("plan_version", Integer, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("opened_at", _time, nullable=False),
    Column("cleared_at", _time),
    Column("reopened_at", _time),
    Column("messages", Integer, nullable=False, server_default="0", comment="the number of messages about its tasks"),
    _now("recorded_at"),
    Index("incidents_running", "warning_id", postgresql_where=text("cleared_at IS NULL")),
    Index("incidents_by_site", "site_id", "opened_at"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", BigInteger, Identity(always=True), primary_key=True),
    _incident(),
    _text("template_id"),
    _text("world"),
    _text("region"),
    _text("role"),
    _text("state"),
    Column("person_id", Text),
    Column("due_at", _time, nullable=False),
    Column("next_due", _time),
    Column("document", JSONB, nullable=False, comment="the whole state; the other columns are copies for queries"),
    Column("events", Integer, nullable=False, server_default="0"),
    _now("changed_at"),
    UniqueConstraint("warning_id", "template_id", name="tasks_are_generated_once"),
    Index("tasks_due", "next_due", postgresql_where=text("next_due IS NOT NULL")),
)


def _of_task(*, is_key: bool) -> Column[object]:
    key = ForeignKey("tasks.task_id", ondelete="CASCADE")
    return Column("task_id", BigInteger, key, primary_key=is_key, nullable=False)


task_events = Table(
    "task_events",
    metadata,
    _of_task(is_key=True),
    Column("n", Integer, primary_key=True),
    _at(),
    _text("kind"),
    Column("given", JSONB, nullable=False),
    Column("roll", JSONB, nullable=False),
    Column("intents", JSONB, nullable=False),
    _text("refusal"),
    _text("actor"),
    _text("via"),
    _now("recorded_at"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("evidence_id", BigInteger, Identity(always=True), primary_key=True),
    _of_task(is_key=False),
    _text("kind"),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    _text("note"),
    Column("depth_mm", Double),
    Column("sha256", LargeBinary, comment="hash of the file as it was sent"),
    Column(
        "content",
        LargeBinary,
        comment="a JPEG, encoded again, without what the camera wrote into it; an MP4 or PDF as it was sent",
    ),
    Column("media_type", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("taken_at", _time, comment="by the clock of the camera; null: it wrote none"),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("at", _time, nullable=False),
    _text("recorded_by"),
    _text("via"),
    _now("recorded_at"),
    UniqueConstraint("task_id", "sha256", name="evidence_same_file_once"),
    CheckConstraint("(content IS NULL) = (media_type IS NULL)", name="evidence_files_have_a_type"),
    Index("evidence_by_task", "task_id"),
    Index("evidence_hidden_dangers", "recorded_at", postgresql_where=text("kind = 'hidden_danger'")),
)

task_links = Table(
    "task_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _incident(),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False),
    Column("expires_at", _time, nullable=False),
    Index("task_links_by_expiry", "expires_at"),
)

responses = Table(
    "responses",
    metadata,
    Column("response_id", BigInteger, Identity(always=True), primary_key=True),
    Column("world", Text, ForeignKey("worlds.world"), nullable=False),
    _text("region"),
    _text("state"),
    Column("number", SmallInteger, comment="4 to 1: the number that is in force, IV to I; null: none was declared"),
    Column("document", JSONB, nullable=False),
    Column("events", Integer, nullable=False, server_default="0"),
    Column("opened_at", _time, nullable=False),
    Column("ended_at", _time),
    _now("changed_at"),
    Index("responses_one_runs", "world", "region", unique=True, postgresql_where=text("ended_at IS NULL")),
)

response_events = Table(
    "response_events",
    metadata,
    Column("response_id", BigInteger, ForeignKey("responses.response_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", _time, nullable=False),
    _text("kind"),
    Column("given", JSONB, nullable=False),
    _text("refusal"),
    _text("actor"),
    _now("recorded_at"),
)
