"""Packed numbers and times of SL 651: two decimal digits a byte. The decimal point and the length are given before."""

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""The standard's times carry no offset; stations in China run on Beijing time."""

CENTURY = 2000
"""The standard's years have two digits."""

_ABSENT = (0xFF, 0xAA)
"""A field full of F means "no data" (6.6.4.4 d); some stations fill with A."""


def digits(data: bytes) -> str:
    """Return the decimal digits of packed bytes.

    Raises:
        ValueError: a half byte is not a decimal digit.
    """
    text = data.hex()
    if not text.isdecimal():
        raise ValueError(f"{text.upper()} is not BCD")
    return text


def number(data: bytes, decimals: int, *, scale: int = 1) -> float | None:
    """Return the value of an element times `scale`; None for "no data". A first byte FF marks a negative value.

    Raises:
        ValueError: it is not BCD, or empty.
    """
    if not data:
        raise ValueError("an element without data")
    if data[0] in _ABSENT and data == data[:1] * len(data):
        return None
    factor, packed = (-1, data[1:]) if data[0] == 0xFF else (1, data)  # noqa: PLR2004 - FF is the minus sign
    return factor * int(digits(packed)) * scale / float(10**decimals)


def pack(value: int, size: int) -> bytes:
    """Pack an integer into `size` bytes, a negative one after an FF.

    Raises:
        ValueError: it does not fit.
    """
    width = 2 * size if value >= 0 else 2 * size - 2
    text = f"{abs(value):0{max(width, 1)}d}"
    if len(text) > width:
        raise ValueError(f"{value} does not fit into {size} bytes")
    return bytes.fromhex(text if value >= 0 else f"ff{text}")


def time(data: bytes) -> datetime:
    """Return the time of YYMMDDHHmm or YYMMDDHHmmSS, in UTC.

    Raises:
        ValueError: it is not a time.
    """
    text = digits(data)
    parts = [int(text[at : at + 2]) for at in range(0, len(text), 2)]
    try:
        return datetime(CENTURY + parts[0], *parts[1:], tzinfo=BEIJING).astimezone(UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        raise ValueError(f"{text} is not a time YYMMDDHHmm") from None


def pack_time(at: datetime) -> bytes:
    """Pack a time to the minute.

    Raises:
        ValueError: it has seconds, or lies outside this century.
    """
    local = at.astimezone(BEIJING)
    if local.second or local.microsecond or not CENTURY <= local.year < CENTURY + 100:
        raise ValueError(f"{at.isoformat()} is not a whole minute of this century")
    return bytes.fromhex(f"{local:%y%m%d%H%M}")
