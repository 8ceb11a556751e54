"""Photos of people: checked by their content, and encoded again, so that nothing else can hide in the file."""

import hashlib
import io
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from rencheng.domain.bounds import past_moment
from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.store.tasks.evidence import PhotoFile

PHOTO_BYTES_MAX = 20 * 2**20
"""The largest photo. Source: response reference 4.6."""

FORMATS = ("JPEG", "PNG")

SIDE_MAX = 2048
"""The longest side of a photo that is kept, pixels: a gauge plate stays readable. Proposal."""

PIXELS_MAX = 64_000_000
"""The largest photo, pixels: those of telephones have 12 to 50 million. A larger one would fill the memory."""

QUALITY = 85

_ONE_AT_A_TIME = Lock()
"""A decoded photo takes up to 200 MB."""


def read_photo(content: bytes, now: datetime) -> PhotoFile:
    """Return a photo as it is kept.

    Args:
        content: the file as it was sent.
        now: the present; a camera's time after it is no time.

    Raises:
        NotPossible: it is too large, or no photo.
    """
    if len(content) > PHOTO_BYTES_MAX:
        raise NotPossible(f"the photo has {len(content):,} bytes; at most {PHOTO_BYTES_MAX:,} are possible")
    with _ONE_AT_A_TIME:
        try:
            return _encoded_again(content, now)
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
            reason = " ".join(str(error).split())[:100]
            raise NotPossible(f"the content is no photo that can be read (JPEG or PNG): {reason}") from None


def _encoded_again(content: bytes, now: datetime) -> PhotoFile:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > PIXELS_MAX:
            raise ValueError(f"{image.width} × {image.height} pixels are too many")
        exif = image.getexif()
        taken_at, position = _taken_at(exif, now), _position(exif)
        image.draft("RGB", (SIDE_MAX, SIDE_MAX))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((SIDE_MAX, SIDE_MAX))
        # a new image has no metadata of the old one
        plain = Image.new("RGB", upright.size)
        plain.paste(upright)
        out = io.BytesIO()
        plain.save(out, "JPEG", quality=QUALITY)
    return PhotoFile(hashlib.sha256(content).digest(), out.getvalue(), *plain.size, taken_at, position)


def _taken_at(exif: Image.Exif, now: datetime) -> datetime | None:
    """Return when it was taken. A camera without a time zone has the city's."""
    details = exif.get_ifd(ExifTags.IFD.Exif)
    written, offset = details.get(ExifTags.Base.DateTimeOriginal), details.get(ExifTags.Base.OffsetTimeOriginal)
    try:
        at = datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the zone follows
        zone = datetime.strptime(str(offset).strip("\0 "), "%z").tzinfo if offset else CITY_ZONE
        return past_moment(at.replace(tzinfo=zone), now).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _position(exif: Image.Exif) -> tuple[float, float] | None:
    found: dict[int, Any] = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        latitude = _degrees(found[ExifTags.GPS.GPSLatitude], found.get(ExifTags.GPS.GPSLatitudeRef), "S")
        longitude = _degrees(found[ExifTags.GPS.GPSLongitude], found.get(ExifTags.GPS.GPSLongitudeRef), "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    is_possible = -90 <= latitude <= 90 and -180 <= longitude <= 180  # noqa: PLR2004 - degrees
    return (latitude, longitude) if is_possible else None


def _degrees(parts: tuple[float, float, float], half: object, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if half == negative else value
