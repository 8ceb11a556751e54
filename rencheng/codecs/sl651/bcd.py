"""Numbers and times as SL 651 packs them: two decimal digits a byte, the point and the length told beforehand."""

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""The standard's times carry no offset; stations in China run on Beijing time."""

CENTURY = 2000
"""The standard's years have two digits."""

_ABSENT = (0xFF, 0xAA)
"""A field full of F means "no data" (6.6.4.4 d); some stations fill with A."""


def digits(data: bytes) -> str:
    """The decimal digits of packed bytes.

    Raises:
        ValueError: a half byte is no decimal digit.
    """
    text = data.hex()
    if not text.isdecimal():
        raise ValueError(f"{text.upper()} is not BCD")
    return text


def number(data: bytes, decimals: int, *, scale: int = 1) -> float | None:
    """The value of an element times `scale`; None for "no data". A first byte FF means that it is negative.

    Raises:
        ValueError: it is not BCD, or empty.
    """
    if not data:
        raise ValueError("an element without data")
    if data[0] in _ABSENT and data == data[:1] * len(data):
        return None
    sign, packed = (-1, data[1:]) if data[0] == 0xFF else (1, data)  # noqa: PLR2004 - FF is the minus sign
    return sign * int(digits(packed)) * scale / float(10**decimals)


def pack(value: int, size: int) -> bytes:
    """An integer in `size` bytes, a negative one behind an FF.

    Raises:
        ValueError: it does not fit.
    """
    room = 2 * size if value >= 0 else 2 * size - 2
    text = f"{abs(value):0{max(room, 1)}d}"
    if len(text) > room:
        raise ValueError(f"{value} does not fit into {size} bytes")
    return bytes.fromhex(text if value >= 0 else f"ff{text}")


def time(data: bytes) -> datetime:
    """YYMMDDHHmm or YYMMDDHHmmSS, in UTC.

    Raises:
        ValueError: it is no time.
    """
    text = digits(data)
    parts = [int(text[at : at + 2]) for at in range(0, len(text), 2)]
    try:
        return datetime(CENTURY + parts[0], *parts[1:], tzinfo=BEIJING).astimezone(UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        raise ValueError(f"{text} is no time YYMMDDHHmm") from None


def pack_time(at: datetime) -> bytes:
    """A time to the minute.

    Raises:
        ValueError: it has seconds, or lies outside this century.
    """
    local = at.astimezone(BEIJING)
    if local.second or local.microsecond or not CENTURY <= local.year < CENTURY + 100:
        raise ValueError(f"{at.isoformat()} is no whole minute of this century")
    return bytes.fromhex(f"{local:%y%m%d%H%M}")
