"""Evidence of tasks: photos, depths, notes and calls; and hidden dangers that were found on the way."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.response.tasks.plan import ProofKind
from rencheng.store.core.sessions import Row
from rencheng.store.schema.task_tables import evidence


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo as it is kept.

    Attributes:
        sha256: the hash of the file as it was sent.
        jpeg: encoded again, without what the camera wrote into it.
        taken_at: by the clock of the camera; None if it wrote none.
        position: latitude and longitude in degrees; None if the camera wrote none.
    """

    sha256: bytes
    jpeg: bytes
    width: int
    height: int
    taken_at: datetime | None
    position: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class GivenEvidence:
    """What a person reports.

    Attributes:
        depth_mm: of a depth.
        via: the way: `api`, `link` or `command`.
    """

    kind: ProofKind
    person_id: str
    recorded_by: str
    via: str
    note: str = ""
    depth_mm: float | None = None
    photo: PhotoFile | None = None


def add_evidence(connection: Connection, task_id: int, given: GivenEvidence, at: datetime) -> int | None:
    """Write evidence. Return its number; None if the task has this photo."""
    photo = given.photo
    latitude, longitude = photo.position if photo and photo.position else (None, None)
    values = {
        "task_id": task_id,
        "kind": given.kind.value,
        "person_id": given.person_id,
        "note": given.note,
        "depth_mm": given.depth_mm,
        "sha256": photo and photo.sha256,
        "photo": photo and photo.jpeg,
        "width": photo and photo.width,
        "height": photo and photo.height,
        "taken_at": photo and photo.taken_at,
        "latitude": latitude,
        "longitude": longitude,
        "at": at,
        "recorded_by": given.recorded_by,
        "via": given.via,
    }
    query = insert(evidence).values(values).on_conflict_do_nothing().returning(evidence.c.evidence_id)
    number: int | None = connection.execute(query).scalar()
    return number


_SHOWN = [column for column in evidence.c if column.name != "photo"]


def evidence_of(connection: Connection, task_id: int) -> list[Row]:
    """Return the evidence of a task, without the photos themselves."""
    query = select(*_SHOWN).where(evidence.c.task_id == task_id).order_by(evidence.c.evidence_id)
    return list(connection.execute(query).mappings())


def same_photo(connection: Connection, task_id: int, sha256: bytes) -> Row | None:
    """Return the evidence of a task with the same photo."""
    query = select(*_SHOWN).where(evidence.c.task_id == task_id, evidence.c.sha256 == sha256)
    return connection.execute(query).mappings().one_or_none()


def find_photo(connection: Connection, task_id: int, evidence_id: int) -> bytes | None:
    """Return a photo of a task."""
    query = select(evidence.c.photo).where(evidence.c.task_id == task_id, evidence.c.evidence_id == evidence_id)
    photo: bytes | None = connection.execute(query).scalar()
    return photo


def hidden_dangers(connection: Connection, *, limit: int) -> list[Row]:
    """Return the hidden dangers that were found on the way, the newest first."""
    query = select(*_SHOWN).where(evidence.c.kind == ProofKind.HIDDEN_DANGER.value)
    return list(connection.execute(query.order_by(evidence.c.recorded_at.desc()).limit(limit)).mappings())
