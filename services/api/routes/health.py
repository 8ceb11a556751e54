"""Health: whether readings were committed recently. A running process alone proves nothing."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.accounting import health
from services.api.deps import Db
from services.api.http.models import ApiModel, example

router = APIRouter(tags=["health"])


class Health(ApiModel):
    """Whether the platform works 健康状态."""

    model_config = example(
        status="ok",
        database="reachable",
        last_row_at="2026-07-20T08:05:00.412Z",
        last_row_age_s=1.3,
        ingest_heartbeat_age_s=0.4,
    )

    status: Literal["ok", "idle", "down"]
    """ok: rows were committed within two minutes; idle: ingest runs and received nothing; down: neither."""
    database: Literal["reachable", "away"]
    last_row_at: datetime | None
    last_row_age_s: float | None
    ingest_heartbeat_age_s: float | None


@router.get(
    "/health",
    summary="Check health 健康检查",
    operation_id="get_health",
    responses={503: {"model": Health, "description": "No heartbeat from ingest, or the database is away"}},
)
def get_health(database: Db, response: Response) -> Health:
    """Answer 200 while the platform works or is idle, 503 when it is down. No key is needed."""
    answer = _health(database)
    if answer.status == "down":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return answer


def _health(database: Db) -> Health:
    try:
        with database.read() as connection:
            pulse = health.ingest_health(connection)
    except StoreUnavailable:
        return Health(
            status="down", database="away", last_row_at=None, last_row_age_s=None, ingest_heartbeat_age_s=None
        )
    return Health(
        status=pulse.status,
        database="reachable",
        last_row_at=pulse.last_row_at.astimezone(UTC) if pulse.last_row_at else None,
        last_row_age_s=pulse.last_row_age_s,
        ingest_heartbeat_age_s=pulse.heartbeat_age_s,
    )
