"""Messages about the platform itself, on other ways than the one that fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, any_, or_, select

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.region import code_includes
from rencheng.response.calls.call import Call
from rencheng.response.delivery.dispatch import Content, DispatchIntent, DispatchSource
from rencheng.store.core.sessions import Row
from rencheng.store.response.enqueue import enqueue
from rencheng.store.schema.delivery_tables import contact_methods, subscribers

_EXPIRY = timedelta(hours=24)


def report_disabled(connection: Connection, method: Row, why: str, now: datetime) -> None:
    """Send that an endpoint was disabled, to its owner's other methods and to those who get platform messages."""
    columns = contact_methods.c
    of_owner = columns.subscriber_id == method["subscriber_id"]
    query = (
        select(columns.method_id)
        .join(subscribers, subscribers.c.subscriber_id == columns.subscriber_id)
        .where(or_(of_owner, subscribers.c.wants_platform_messages), subscribers.c.active)
        .where(columns.ended_at.is_(None), columns.disabled_at.is_(None), columns.method_id != method["method_id"])
    )
    name = f"contact {method['method_id']} ({method['kind']}, {method['shown']})"
    content = Content(
        zh=f"联系方式 {name} 已停用：{why}。修复后请运行 rencheng contact probe {method['method_id']}，"
        "积压消息会补发。",
        en=f"{name} was disabled: {why}. Mend it, then run `rencheng contact probe {method['method_id']}`;"
        " waiting messages follow.",
        document={"kind": "endpoint_disabled", "contact_method": method["method_id"], "why": why},
    )
    source_id = f"contact-{method['method_id']}-disabled-{now.isoformat()}"
    found = connection.execute(query).scalars().all()
    _send(connection, found, _Message(source_id, "endpoint-disabled", Level.BLUE, ACTUAL, content), now)


def report_exhausted(connection: Connection, call: Call, names: tuple[str, str], now: datetime) -> None:
    """Send that nobody answers a call, to the subscribers of its region who get platform messages, once a round."""
    columns = contact_methods.c
    query = (
        select(columns.method_id, subscribers.c.regions)
        .join(subscribers, subscribers.c.subscriber_id == columns.subscriber_id)
        .where(subscribers.c.wants_platform_messages, subscribers.c.active, any_(columns.worlds) == call.world)
        .where(columns.ended_at.is_(None), columns.disabled_at.is_(None))
    )
    found = [
        row.method_id
        for row in connection.execute(query)
        if not row.regions or any(code_includes(code, call.region) for code in row.regions)
    ]
    zh, en = names
    content = Content(
        zh=f"叫应无人应答：{zh}{call.level.chinese}预警。请立即人工处置（rencheng call list）。",
        en=f"Nobody answers the call for {en}, {call.level.word} warning. Act now; `rencheng call list` shows it.",
        document={"kind": "call_exhausted", "warning_id": call.warning_id, "round": call.round},
    )
    source_id = f"call {call.warning_id}/{call.round} exhausted"
    _send(connection, found, _Message(source_id, "call-exhausted", call.level, call.world, content), now)


@dataclass(frozen=True, slots=True)
class _Message:
    """A message about the platform itself."""

    source_id: str
    purpose: str
    level: Level
    world: str
    content: Content


def _send(connection: Connection, method_ids: Sequence[int], message: _Message, now: datetime) -> None:
    enqueue(
        connection,
        [
            DispatchIntent(
                method_id=method_id,
                world=message.world,
                source=DispatchSource.SELF,
                source_id=message.source_id,
                purpose=message.purpose,
                level=message.level,
                line=message.source_id,
                sequence=0,
                due_at=now,
                expires_at=now + _EXPIRY,
                content=message.content,
            )
            for method_id in method_ids
        ],
    )
