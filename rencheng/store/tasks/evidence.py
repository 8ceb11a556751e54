"""Evidence of tasks: files, depths, notes and calls; and hidden dangers that were found on the way."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.response.tasks.plan import ProofKind
from rencheng.store.core.sessions import Row
from rencheng.store.schema.task_tables import evidence

JPEG = "image/jpeg"
"""Of every photo, whatever was sent."""


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

    @property
    def kind(self) -> ProofKind:
        """What it is."""
        return ProofKind.PHOTO


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A video or document as it is kept.

    Attributes:
        sha256: the hash of the file.
        content: the file as it was sent.
    """

    sha256: bytes
    content: bytes
    media_type: str

    @property
    def kind(self) -> ProofKind:
        """What it is."""
        return ProofKind.VIDEO if self.media_type.startswith("video/") else ProofKind.DOCUMENT


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
    file: PhotoFile | EvidenceFile | None = None


def add_evidence(connection: Connection, task_id: int, given: GivenEvidence, at: datetime) -> int | None:
    """Write evidence. Return its number; None if the task has this file."""
    file = given.file
    photo = file if isinstance(file, PhotoFile) else None
    content, media_type = _content(file)
    latitude, longitude = photo.position if photo and photo.position else (None, None)
    values = {
        "task_id": task_id,
        "kind": given.kind.value,
        "person_id": given.person_id,
        "note": given.note,
        "depth_mm": given.depth_mm,
        "sha256": file and file.sha256,
        "content": content,
        "media_type": media_type,
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


def _content(file: PhotoFile | EvidenceFile | None) -> tuple[bytes, str] | tuple[None, None]:
    if file is None:
        return None, None
    return (file.jpeg, JPEG) if isinstance(file, PhotoFile) else (file.content, file.media_type)


_SHOWN = [column for column in evidence.c if column.name != "content"]


def evidence_of(connection: Connection, task_id: int) -> list[Row]:
    """Return the evidence of a task, without the files themselves."""
    query = select(*_SHOWN).where(evidence.c.task_id == task_id).order_by(evidence.c.evidence_id)
    return list(connection.execute(query).mappings())


def same_file(connection: Connection, task_id: int, sha256: bytes) -> Row | None:
    """Return the evidence of a task with the same file."""
    query = select(*_SHOWN).where(evidence.c.task_id == task_id, evidence.c.sha256 == sha256)
    return connection.execute(query).mappings().one_or_none()


def find_file(connection: Connection, task_id: int, evidence_id: int) -> Row | None:
    """Return the content of a file of a task, and its media type."""
    query = select(evidence.c.content, evidence.c.media_type).where(
        evidence.c.task_id == task_id, evidence.c.evidence_id == evidence_id, evidence.c.content.is_not(None)
    )
    return connection.execute(query).mappings().one_or_none()


def hidden_dangers(connection: Connection, *, limit: int) -> list[Row]:
    """Return the hidden dangers that were found on the way, the newest first."""
    query = select(*_SHOWN).where(evidence.c.kind == ProofKind.HIDDEN_DANGER.value)
    return list(connection.execute(query.order_by(evidence.c.recorded_at.desc()).limit(limit)).mappings())
