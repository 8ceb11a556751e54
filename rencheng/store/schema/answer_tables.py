"""The tables of answers by telephone and of handovers."""

from sqlalchemy import (
    BigInteger,
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
from sqlalchemy.dialects.postgresql import ARRAY

from rencheng.store.schema.tables import metadata

_time = DateTime(timezone=True)


def _person(name: str, *, primary_key: bool = False) -> Column[object]:
    return Column(name, Text, ForeignKey("people.person_id"), nullable=False, primary_key=primary_key)


handovers = Table(
    "handovers",
    metadata,
    Column("handover_id", BigInteger, Identity(always=True), primary_key=True),
    Column("roster_id", Text, ForeignKey("rosters.roster_id", ondelete="CASCADE"), nullable=False),
    Column("rank", SmallInteger, nullable=False),
    _person("from_person"),
    _person("to_person"),
    Column("open_calls", ARRAY(Text), nullable=False, comment="the warnings whose calls are handed over"),
    Column("note", Text, nullable=False),
    Column("offered_by", Text, nullable=False),
    Column(
        "offering_person",
        Text,
        ForeignKey("people.person_id"),
        comment="the person that the key of the offer names",
    ),
    Column("offered_at", _time, nullable=False, server_default=text("now()")),
    Column("accepted_by", Text),
    Column("ended_at", _time, comment="when it was accepted, or replaced by another offer"),
    CheckConstraint("from_person <> to_person", name="handovers_are_between_two"),
    Index("handovers_one_open", "roster_id", "rank", unique=True, postgresql_where=text("ended_at IS NULL")),
)

reply_codes = Table(
    "reply_codes",
    metadata,
    _person("person_id", primary_key=True),
    Column("code", Text, primary_key=True),
    Column("warning_id", Text, ForeignKey("calls.warning_id", ondelete="CASCADE"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("ask", Integer, nullable=False),
    Column("expires_at", _time, nullable=False),
    Index("reply_codes_by_expiry", "expires_at"),
)

replies = Table(
    "replies",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("reply_ref", Text, primary_key=True),
    Column(
        "method_id",
        BigInteger,
        ForeignKey("contact_methods.method_id", ondelete="SET NULL"),
        comment="the contact method of the number; null: the number is unknown",
    ),
    Column("result", Text, nullable=False),
    Column("received_at", _time, nullable=False, server_default=text("now()")),
    Index("replies_by_time", "received_at"),
)

contact_proofs = Table(
    "contact_proofs",
    metadata,
    Column(
        "method_id",
        BigInteger,
        ForeignKey("contact_methods.method_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("code_hash", LargeBinary, nullable=False),
    Column("expires_at", _time, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
)
