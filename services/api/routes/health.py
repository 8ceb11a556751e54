"""Health: whether every part of the platform does its work. A running process alone proves nothing."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from rencheng.domain.heartbeat import Part, PartCondition
from rencheng.domain.part_rules import not_started, without_database, worst
from services.api.health_probe import HealthProbe, ProbeAnswer
from services.api.http.errors import problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.parts import PART, PartOfPlatform, present_parts

router = APIRouter(tags=["health"])


class Health(ApiModel):
    """Whether the platform works 健康状态."""

    model_config = example(
        status="down",
        database="reachable",
        last_row_at="2026-07-20T08:05:00.412Z",
        last_row_age_s=1.3,
        ingest_heartbeat_age_s=0.4,
        parts=[PART],
    )

    status: Literal["ok", "idle", "behind", "down"]
    """ok: rows were committed within two minutes; idle: none were, and all parts work; behind, down: a part is so."""
    database: Literal["reachable", "away"] | None
    """null if `part=api` was asked, which needs no database."""
    last_row_at: datetime | None
    last_row_age_s: float | None
    ingest_heartbeat_age_s: float | None
    parts: list[PartOfPlatform]
    """Every part that is known. While the database is away nothing is known of the others."""


@router.get(
    "/health",
    summary="Check health 健康检查",
    operation_id="get_health",
    responses={
        **problem_responses(HTTPStatus.UNPROCESSABLE_ENTITY),
        503: {"model": Health, "description": "A part of the platform is down; `parts` names it"},
    },
)
async def get_health(
    request: Request,
    response: Response,
    part: Annotated[
        Part | None,
        Query(
            description="Only this part. `api` asks nobody else: for a load balancer, because a new API mends nothing."
        ),
    ] = None,
) -> Health:
    """Answer 200 while every part works, 503 when one is down. No key is needed. It answers within two seconds.

    `behind` means that a part works later than it should; the status is 200.
    """
    probe: HealthProbe = request.app.state.health_probe
    answer = _alive() if part is Part.API else _health(await probe.ask(), part)
    if answer.status == "down":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return answer


def _alive() -> Health:
    return Health(
        status="ok",
        database=None,
        last_row_at=None,
        last_row_age_s=None,
        ingest_heartbeat_age_s=None,
        parts=present_parts([PartCondition(Part.API)]),
    )


def _health(answer: ProbeAnswer, part: Part | None) -> Health:
    ingest = None if answer.condition is None else answer.condition.ingest
    conditions = [one for one in answer.parts if part in (None, one.part)]
    if part is not None and not conditions:
        conditions = without_database(answer.waited_s) if ingest is None else [not_started(part)]
    last_row_at = ingest.last_row_at if ingest else None
    return Health(
        status=worst(conditions).state.value if part or not answer.condition else answer.condition.status,
        database="away" if ingest is None else "reachable",
        last_row_at=last_row_at.astimezone(UTC) if last_row_at else None,
        last_row_age_s=ingest.last_row_age_s if ingest else None,
        ingest_heartbeat_age_s=ingest.heartbeat_age_s if ingest else None,
        parts=present_parts(conditions),
    )
