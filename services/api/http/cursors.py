"""Where a page of many-columned keys ended, as one word in a URL. Clients give it back as it is."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.api.http.errors import InvalidParameter


def encode(position: Sequence[Any]) -> str:
    """A position as a word."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in position]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode(word: str, types: Sequence[type]) -> tuple[Any, ...]:
    """The position that a word stands for.

    Raises:
        Unacceptable: it is none of ours, or from another list.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
        return tuple(_part(part, kind) for part, kind in zip(parts, types, strict=True))
    except (ValueError, TypeError):
        raise InvalidParameter("`after` must be the `next` of the page before, of the same list.") from None


def _part(part: object, kind: type) -> object:
    if kind is datetime:
        moment = datetime.fromisoformat(str(part))
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment
    if type(part) is not kind or "\0" in str(part) or (isinstance(part, int) and not -(2**31) <= part < 2**31):
        raise ValueError("not ours")
    return part
