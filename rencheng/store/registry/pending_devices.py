"""Pending devices: unregistered devices, known by their quarantined messages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Connection, LargeBinary, Text, any_, func, literal, select

from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.quarantine.log import PREVIEW_BYTES, topic_region
from rencheng.store.schema.account_tables import quarantine
from rencheng.store.schema.tables import devices


@dataclass(frozen=True, slots=True)
class PendingDevice:
    """An unregistered device and its messages.

    Attributes:
        device_id: its name in its topics.
        region, kind: as in its newest topic.
        addresses: the number of different pairs of these; more than one is suspicious.
        messages: the number of quarantined messages.
        first_received_at, last_received_at: the times of its first and last message.
        last_payload: the beginning of its newest message.
    """

    device_id: str
    region: str
    kind: Kind
    addresses: int
    messages: int
    first_received_at: datetime
    last_received_at: datetime
    last_payload: bytes


def list_pending(
    connection: Connection,
    *,
    names: Collection[str] | None = None,
    after: str | None = None,
    limit: int = 100,
    reach: Reach = EVERYWHERE,
) -> list[PendingDevice]:
    """Return unregistered devices with open entries, all or those with these names, in order of their names."""
    columns = quarantine.c
    address = func.split_part(columns.topic, "/", 3) + "/" + func.split_part(columns.topic, "/", 4)
    groups = (
        select(
            columns.device_id,
            func.count(address.distinct()).label("addresses"),
            func.sum(columns.times).label("messages"),
            func.min(columns.first_received_at).label("first_received_at"),
            func.max(columns.last_received_at).label("last_received_at"),
            func.max(columns.quarantine_id).label("newest_id"),
        )
        .where(columns.reason == RejectionReason.UNKNOWN_DEVICE.value, columns.replayed_at.is_(None))
        .where(~select(devices).where(devices.c.device_id == columns.device_id).exists())
        .where(within(reach, topic_region(), columns.world))
        .group_by(columns.device_id)
        .order_by(columns.device_id)
        .limit(limit)
    )
    if names is not None:
        groups = groups.where(columns.device_id == any_(literal(list(names), ARRAY(Text))))
    if after is not None:
        groups = groups.where(columns.device_id > after)
    grouped = groups.subquery()
    payload = func.substring(columns.payload, 1, PREVIEW_BYTES, type_=LargeBinary).label("last_payload")
    query = select(grouped, columns.topic, payload).join(quarantine, columns.quarantine_id == grouped.c.newest_id)
    return [_pending(row) for row in connection.execute(query.order_by(grouped.c.device_id)).mappings()]


def _pending(row: Row) -> PendingDevice:
    _, _, region, kind, *_ = row["topic"].split("/")  # intake has parsed it, or the reason would be `topic`
    return PendingDevice(
        row["device_id"],
        region,
        Kind(kind),
        row["addresses"],
        int(row["messages"]),
        row["first_received_at"],
        row["last_received_at"],
        bytes(row["last_payload"]),
    )
