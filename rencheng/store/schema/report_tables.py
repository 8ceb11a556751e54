"""The tables of reports."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from rencheng.store.schema.tables import metadata

event_reports = Table(
    "event_reports",
    metadata,
    Column("warning_id", Text, ForeignKey("warnings.warning_id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("inputs_event_id", BigInteger, comment="the last message of the warning that it knows"),
    Column("document", JSONB, nullable=False),
    Column("page", Text, nullable=False, comment="the document as HTML, as it was made"),
    Column("sha256", LargeBinary, nullable=False, comment="of the document"),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)
