"""Cursors: the key of the last row of a page, encoded for a URL. Clients send it back unchanged."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.api.http.errors import InvalidParameter


def encode(position: Sequence[Any]) -> str:
    """Encode a position."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in position]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode(cursor: str, types: Sequence[type]) -> tuple[Any, ...]:
    """Decode a position.

    Raises:
        InvalidParameter: the cursor is malformed, or belongs to another list.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(_part(part, kind) for part, kind in zip(parts, types, strict=True))
    except (ValueError, TypeError):
        raise InvalidParameter("`after` must be the `next` of the previous page of the same list.") from None


def _part(part: object, kind: type) -> object:
    if kind is datetime:
        moment = datetime.fromisoformat(str(part))
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment
    if type(part) is not kind or "\0" in str(part) or (isinstance(part, int) and not -(2**31) <= part < 2**31):
        raise ValueError("malformed")
    return part
