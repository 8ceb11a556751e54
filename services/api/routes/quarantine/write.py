"""Quarantine, on its way out: tried, mended, replayed."""

import base64
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.replay.attempt import Fix
from rencheng.store.quarantine.log import QuarantineFilters, find_entry
from rencheng.store.quarantine.replay import as_entry
from rencheng.store.registry.devices import find_devices
from services.api.deps import Actor, Db, Moment, Replays
from services.api.http.errors import InvalidParameter, NotFound, described
from services.api.http.models import ApiModel, example
from services.api.http.rejected_readings import Attempt, RejectedReading, as_attempt, as_still

router = APIRouter(prefix="/quarantine", tags=["quarantine"])

Number = Annotated[int, Path(ge=0, lt=2**63, description="The entry's number.")]

PAYLOAD_BYTES_MAX = 2**20
"""As much as a device may send: the broker's `max_packet_size`."""


class Mended(BaseModel):
    """What is sent in place of what was refused. Empty: the same as it was received."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"payload_text": '{"time": "2026-07-20T16:05:00+08:00", "depth_mm": 41}'}]},
    )

    payload_text: str | None = Field(None, max_length=PAYLOAD_BYTES_MAX, description="The payload, if it is text.")
    payload_base64: str | None = Field(None, max_length=2 * PAYLOAD_BYTES_MAX, description="The payload, if it is not.")
    topic: str | None = Field(None, max_length=1000, description="Another topic, if the address was wrong.")

    def fix(self) -> Fix | None:
        """The same for a replay.

        Raises:
            Unacceptable: both payloads are given, or one that is no base64.
        """
        if self.payload_text is not None and self.payload_base64 is not None:
            raise InvalidParameter("Give payload_text or payload_base64, not both.")
        payload = None if self.payload_text is None else self.payload_text.encode("utf-8", "surrogatepass")
        if self.payload_base64 is not None:
            try:
                payload = base64.b64decode(self.payload_base64, validate=True)
            except ValueError as error:
                raise InvalidParameter(f"payload_base64 is no base64: {error}.") from None
        return None if payload is None and self.topic is None else Fix(self.topic, payload)


class Replayed(ApiModel):
    """What became of an entry 重放结果."""

    model_config = example(quarantine_id=41, outcome="replayed", stored=1, duplicate=2, quarantined=0, refusals=[])

    quarantine_id: int
    outcome: Literal["replayed", "stays", "was_replayed"]
    """`stays`: it is refused as before, or nothing of what was mended can be taken; `refusals` say why."""
    stored: int
    duplicate: int
    quarantined: int
    """Readings that were refused again, for another reason; each is an entry of its own now."""
    refusals: list[RejectedReading]


class Which(BaseModel):
    """Which open entries are meant; what is left out leaves a question open."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "unknown_device", "device_id": "gauge-7"}]}
    )

    reason: RejectionReason | None = None
    device_id: str | None = Field(None, max_length=200)
    kind: Kind | None = None
    world: str | None = Field(None, max_length=200)
    since: Moment | None = Field(None, alias="from", description="Received last at this time or later.")
    until: Moment | None = Field(None, alias="to", description="Received last before this time.")
    after: int = Field(0, ge=0, lt=2**63, description="The `next` of the answer before.")
    limit: int = Field(500, ge=1, le=1000, description="The most entries in this request.")


class ReplayedMany(ApiModel):
    """What became of many entries 批量重放结果."""

    model_config = example(entries=500, replayed=498, stored=9960, duplicate=0, quarantined=0, next=18_112)

    entries: int
    replayed: int
    """The others stay, refused as before."""
    stored: int
    duplicate: int
    quarantined: int
    next: int | None
    """Give it back as `after` to go on; null if that was all."""


@router.post("/replay", summary="Replay many entries 批量重放", operation_id="replay_matching")
def replay_matching(replays: Replays, actor: Actor, which: Which) -> ReplayedMany:
    """Send open entries through intake again, oldest first, as of the moments when they were received.

    Each goes the way of every message, and leaves quarantine in the account as it is stored. To ask twice is harmless.
    """
    filters = QuarantineFilters(
        which.reason, which.device_id, which.kind, which.world, which.since, which.until, replayed=False
    )
    done = replays.matching(filters, actor=actor, after=which.after, limit=which.limit)
    return ReplayedMany(
        entries=done.entries,
        replayed=done.moved,
        stored=done.counts.stored,
        duplicate=done.counts.duplicate,
        quarantined=done.counts.quarantined,
        next=done.next_after,
    )


@router.post(
    "/{quarantine_id}/replay",
    summary="Replay one entry 重放单条",
    operation_id="replay_one",
    responses=described(HTTPStatus.NOT_FOUND),
)
def replay_one(
    database: Db, replays: Replays, actor: Actor, quarantine_id: Number, mended: Mended | None = None
) -> Replayed:
    """Send an entry through intake again, or what is given in its place. A mended payload is a whole message."""
    fix = mended.fix() if mended else None
    with database.read() as connection:
        if find_entry(connection, quarantine_id) is None:
            raise NotFound(f"There is no entry {quarantine_id} in quarantine.")
    outcome = replays.one(quarantine_id, actor=actor, fix=fix)
    if outcome is None:
        return Replayed(
            quarantine_id=quarantine_id, outcome="was_replayed", stored=0, duplicate=0, quarantined=0, refusals=[]
        )
    return Replayed(
        quarantine_id=quarantine_id,
        outcome="replayed" if outcome.moved else "stays",
        stored=outcome.counts.stored,
        duplicate=outcome.counts.duplicate,
        quarantined=outcome.counts.quarantined,
        refusals=[as_still(refusal) for refusal in outcome.rejections],
    )


@router.post(
    "/{quarantine_id}/attempt",
    summary="Try one entry 试解析单条",
    operation_id="attempt_one",
    responses=described(HTTPStatus.NOT_FOUND),
)
def attempt_one(database: Db, replays: Replays, quarantine_id: Number, mended: Mended | None = None) -> Attempt:
    """What intake would say today of an entry, or of what is given in its place. Changes nothing."""
    fix = mended.fix() if mended else None
    with database.read() as connection:
        row = find_entry(connection, quarantine_id)
        if row is None:
            raise NotFound(f"There is no entry {quarantine_id} in quarantine.")
        entry = as_entry(row)
        steps = (fix.topic if fix and fix.topic else entry.topic).split("/")
        directory = find_devices(connection, steps[4:5])
    return as_attempt(replays.attempt(entry, directory, fix))
