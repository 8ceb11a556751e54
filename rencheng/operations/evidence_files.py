"""Videos and documents of people: checked by their content, kept as they are, and never shown as a page."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from rencheng.domain.errors import NotPossible
from rencheng.operations.photos import PHOTO_BYTES_MAX, read_photo
from rencheng.store.tasks.evidence import EvidenceFile, PhotoFile

FILE_BYTES_MAX = PHOTO_BYTES_MAX
"""The largest video or document: half a minute by a telephone at 5 Mbit/s. Source: response reference 4.6."""

MP4, PDF = "video/mp4", "application/pdf"

_BRANDS = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "})
"""Brands of files that a player of MP4 reads. Source: ISO/IEC 14496-12 and 14496-14."""

_END_WITHIN = 1024
"""Where the end mark of a PDF is looked for, bytes from the end. Source: PDF 1.7, implementation notes."""


def read_file(content: bytes) -> EvidenceFile:
    """Return a video or document as it is kept.

    Raises:
        NotPossible: it is too large, or neither.
    """
    if len(content) > FILE_BYTES_MAX:
        raise NotPossible(f"the file has {len(content):,} bytes; at most {FILE_BYTES_MAX:,} are possible")
    media_type = _media_type(content)
    if media_type is None:
        raise NotPossible("the content is neither a whole MP4 video nor a whole PDF document")
    return EvidenceFile(hashlib.sha256(content).digest(), content, media_type)


def read_attachment(content: bytes, now: datetime) -> PhotoFile | EvidenceFile:
    """Return a photo, video or document as it is kept, by its content.

    Raises:
        NotPossible: it is too large, or none of them.
    """
    return read_photo(content, now) if _media_type(content) is None else read_file(content)


def _media_type(content: bytes) -> str | None:
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-_END_WITHIN:]:
        return PDF
    boxes = dict(_boxes(content))
    brands = boxes.get(b"ftyp", b"")
    is_mp4 = b"moov" in boxes and any(brands[at : at + 4] in _BRANDS for at in range(0, len(brands), 4))
    return MP4 if is_mp4 else None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return the top boxes of an MP4 file, with the beginning of each. None of a file that is cut or has none."""
    at = 0
    found: list[tuple[bytes, bytes]] = []
    while at < len(content):
        size, name, begin = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8], at + 8
        if size == 1:
            size, begin = int.from_bytes(content[at + 8 : at + 16]), at + 16
        end = len(content) if size == 0 else at + size
        if end < begin or end > len(content) or (not found and name != b"ftyp"):
            return
        found.append((name, content[begin : min(end, begin + 256)]))
        at = end
    yield from found
