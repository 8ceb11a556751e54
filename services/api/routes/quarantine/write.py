"""Quarantine: try, correct and replay entries."""

import base64
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.device import ACTUAL, ALL_WORLDS
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.topic import Topic
from rencheng.replay.attempt import Fix
from rencheng.schemas.fields import Identifier, Text, TopicText
from rencheng.store.core.sessions import Connection
from rencheng.store.places import Place, of_registered
from rencheng.store.quarantine.log import QuarantineFilters, find_entry
from rencheng.store.quarantine.replay import as_entry
from rencheng.store.registry.devices import find_devices
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.deps import Db, Moment, ReplayDep
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.rejected_readings import DecodingAttempt, RejectedReading, present_attempt, present_rejection

router = APIRouter(prefix="/quarantine", tags=["quarantine"])

EntryId = Annotated[int, Path(ge=0, lt=2**63, description="The id of the entry.")]

PAYLOAD_BYTES_MAX = 2**20
"""The largest message that a device may send. Source: the broker's `max_packet_size`."""

CORRECTION_BYTES_MAX = 3 * 2**20
"""The largest correction: a payload of 1 MiB in base64, or as JSON text with escapes."""


class Correction(BaseModel):
    """A corrected payload or topic. An omitted field stays as it was received."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"payload_text": '{"time": "2026-07-20T16:05:00+08:00", "depth_mm": 41}'}]},
    )

    payload_text: str | None = Field(
        None, max_length=PAYLOAD_BYTES_MAX, description="The corrected payload, if it is text."
    )
    payload_base64: str | None = Field(
        None, max_length=2 * PAYLOAD_BYTES_MAX, description="The corrected payload, if it is binary."
    )
    topic: TopicText | None = Field(None, description="The corrected topic.")

    def fix(self) -> Fix | None:
        """Return the correction for a replay; None if nothing is corrected.

        Raises:
            InvalidParameter: both payloads are given, or `payload_base64` is not base64.
        """
        if self.payload_text is not None and self.payload_base64 is not None:
            raise InvalidParameter("Send payload_text or payload_base64, not both.")
        payload = None if self.payload_text is None else self.payload_text.encode("utf-8", "surrogatepass")
        if self.payload_base64 is not None:
            try:
                payload = base64.b64decode(self.payload_base64, validate=True)
            except ValueError as error:
                raise InvalidParameter(f"payload_base64 is not base64: {error}.") from None
        return None if payload is None and self.topic is None else Fix(self.topic, payload)


class ReplayResult(ApiModel):
    """The result of replaying an entry 重放结果."""

    model_config = example(quarantine_id=41, outcome="replayed", stored=1, duplicate=2, quarantined=0, rejections=[])

    quarantine_id: int
    outcome: Literal["replayed", "unchanged", "replayed_before"]
    """`unchanged`: intake rejected the entry, or the whole correction, again; `rejections` has the reasons."""
    stored: int
    duplicate: int
    quarantined: int
    """Readings rejected for another reason. Each is now an entry of its own."""
    rejections: list[RejectedReading]


AnyWorld = Identifier | Literal["*"]


class ReplayFilters(BaseModel):
    """Filters of the open entries to replay. An omitted filter matches all."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "unknown_device", "device_id": "gauge-7"}]}
    )

    reason: RejectionReason | None = None
    device_id: Text | None = None
    kind: Kind | None = None
    world: AnyWorld = Field(ACTUAL, description="`actual`, or an exercise; `all` for all worlds.")
    since: Moment | None = Field(None, alias="from", description="Last received at this time or later.")
    until: Moment | None = Field(None, alias="to", description="Last received before this time.")
    after: int = Field(0, ge=0, lt=2**63, description="The `next` of the previous response.")
    limit: int = Field(500, ge=1, le=1000, description="Maximum number of entries to replay.")


class BulkReplayResult(ApiModel):
    """The result of replaying many entries 批量重放结果."""

    model_config = example(entries=500, replayed=498, stored=9960, duplicate=0, quarantined=0, next=18_112)

    entries: int
    replayed: int
    """The other entries were rejected again, and stay."""
    stored: int
    duplicate: int
    quarantined: int
    next: int | None
    """Send it as `after` to continue; null if there are no more."""


@router.post("/replay", summary="Replay many entries 批量重放", operation_id="replay_matching")
def replay_matching(replays: ReplayDep, caller: Caller, filters: ReplayFilters) -> BulkReplayResult:
    """Pass open entries through intake again, oldest first, as of the times at which they were received.

    Readings that are stored leave the count of quarantined ones. Repeating a request is harmless.
    """
    given = {name: getattr(filters, name) for name in ("reason", "device_id", "kind", "since", "until")}
    world = None if filters.world in ALL_WORLDS else filters.world
    meant = QuarantineFilters(**given, world=world, replayed=False, reach=caller.reach)
    result = replays.replay_matching(meant, actor=caller.actor, after=filters.after, limit=filters.limit)
    return BulkReplayResult(
        entries=result.entries,
        replayed=result.moved,
        stored=result.counts.stored,
        duplicate=result.counts.duplicate,
        quarantined=result.counts.quarantined,
        next=result.next_after,
    )


@router.post(
    "/{quarantine_id}/replay",
    summary="Replay an entry 重放单条",
    operation_id="replay_entry",
    max_body_size=CORRECTION_BYTES_MAX,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def replay_entry(
    database: Db, replays: ReplayDep, caller: Caller, quarantine_id: EntryId, correction: Correction | None = None
) -> ReplayResult:
    """Pass an entry, or its correction, through intake again. A corrected payload must be a whole message."""
    fix = correction.fix() if correction else None
    with database.read() as connection:
        if find_entry(connection, quarantine_id) is None:
            raise NotFound(f"There is no entry {quarantine_id} in quarantine.")
        _require_topic(connection, caller, fix)
    outcome = replays.replay_one(quarantine_id, actor=caller.actor, fix=fix)
    if outcome is None:
        return ReplayResult(
            quarantine_id=quarantine_id, outcome="replayed_before", stored=0, duplicate=0, quarantined=0, rejections=[]
        )
    return ReplayResult(
        quarantine_id=quarantine_id,
        outcome="replayed" if outcome.moved else "unchanged",
        stored=outcome.counts.stored,
        duplicate=outcome.counts.duplicate,
        quarantined=outcome.counts.quarantined,
        rejections=[present_rejection(rejection) for rejection in outcome.rejections],
    )


@router.post(
    "/{quarantine_id}/attempt",
    summary="Try an entry 试解析单条",
    operation_id="attempt_entry",
    max_body_size=CORRECTION_BYTES_MAX,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def attempt_entry(
    database: Db, replays: ReplayDep, caller: Caller, quarantine_id: EntryId, correction: Correction | None = None
) -> DecodingAttempt:
    """Return what intake would decide today about an entry, or about its correction. Nothing is changed."""
    fix = correction.fix() if correction else None
    with database.read() as connection:
        row = find_entry(connection, quarantine_id)
        if row is None:
            raise NotFound(f"There is no entry {quarantine_id} in quarantine.")
        _require_topic(connection, caller, fix)
        entry = as_entry(row)
        topic = fix.topic if fix and fix.topic else entry.topic
        directory = find_devices(connection, topic.split("/")[4:5])  # the device segment, if there is one
    return present_attempt(replays.attempt(entry, directory, fix))


def _require_topic(connection: Connection, caller: Principal, fix: Fix | None) -> None:
    """Check that a corrected topic, and the device that it names, lie in the caller's reach."""
    if fix is None or fix.topic is None:
        return
    try:
        topic = Topic.parse(fix.topic)
    except Rejected:
        return  # intake rejects it as well
    places = of_registered(connection, [topic.device_id])
    caller.require([*places, *(Place(topic.region, place.world) for place in places or [Place("", ACTUAL)])])
