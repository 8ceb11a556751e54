"""A time as text: ISO 8601 with offset, in one form for all codecs."""

import re
from datetime import datetime

_FORM = re.compile(
    r"[0-9]{4}(-[0-9]{2}-[0-9]{2}|[0-9]{4})[Tt _]"
    r"[0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?|[0-9]{2}([0-9]{2}([.,][0-9]+)?)?)"
    r"(?P<offset>[Zz]|[+\-\u2212][0-9]{2}(:?[0-9]{2})?)?"
)
_EXAMPLE = "2026-07-20T16:05:00+08:00"


def time_of_text(text: str) -> datetime:
    """Return the moment that a text names, with its offset.

    The forms are ISO 8601 extended (with separators) and basic (20260720T160500+0800). A number in quotes is rejected,
    because it could be seconds, milliseconds, or a local time without separators.

    Raises:
        ValueError: it has another form, no offset, or names no moment.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        digits = "a number in quotes" if text.strip().lstrip("+-").replace(".", "").isdecimal() else "another form"
        raise ValueError(f"is {digits}; send ISO 8601 with offset, such as {_EXAMPLE}")
    if found["offset"] is None:
        raise ValueError(f"has no offset from UTC; send it as in {_EXAMPLE}")
    return datetime.fromisoformat(text.upper().replace("\u2212", "-"))
