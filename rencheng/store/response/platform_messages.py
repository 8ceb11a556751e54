"""Messages about the platform itself, on other ways than the one that fails."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
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
    enqueue(
        connection,
        [
            DispatchIntent(
                method_id=method_id,
                world=ACTUAL,
                source=DispatchSource.SELF,
                source_id=source_id,
                purpose="endpoint-disabled",
                level=Level.BLUE,
                line=source_id,
                sequence=0,
                due_at=now,
                expires_at=now + _EXPIRY,
                content=content,
            )
            for method_id in connection.execute(query).scalars()
        ],
    )
