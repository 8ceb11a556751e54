"""Cursors: the key of the last row of a page, encoded for a URL. Clients send it back unchanged."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rencheng.store.core.positions import Column, read_position
from services.api.http.errors import InvalidParameter


def encode(position: Sequence[Any]) -> str:
    """Encode a position."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in position]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode(cursor: str, columns: Sequence[Column[Any]]) -> tuple[Any, ...]:
    """Decode a position: one value for each of these columns.

    Raises:
        InvalidParameter: the cursor is malformed, or belongs to another list.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
        return read_position(parts, columns)
    except (ValueError, TypeError, RecursionError):
        raise InvalidParameter("`after` must be the `next` of the previous page of the same list.") from None
