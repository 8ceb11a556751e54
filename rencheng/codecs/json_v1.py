"""The `json` codec: one reading as an object, or several as an array (a buffered upload)."""

import json
from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from rencheng.codecs.base import BadItem
from rencheng.codecs.items import READINGS_MAX, as_item, explain
from rencheng.codecs.json_parts import read_json_parts, without_marks
from rencheng.codecs.json_quick import read_plain
from rencheng.codecs.parts import as_readings
from rencheng.codecs.payloads import StatePayload
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading


class JsonCodec:
    """The codec of the payloads that `rencheng.codecs.payloads` specifies."""

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode an object or an array of objects; see `Codec.decode`."""
        if (plain := read_plain(kind, device_id, payload, readings_max=READINGS_MAX)) is not None:
            return plain, []
        value = read_json_parts(payload, parts_max=READINGS_MAX)
        return as_readings(kind, device_id, value if isinstance(value, list) else [value])

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode one reading as an object, several as an array, without empty fields."""
        items = [
            {name: value.isoformat() if isinstance(value, datetime) else value for name, value in as_item(one).items()}
            for one in readings
        ]
        body = items[0] if len(items) == 1 else items
        return json.dumps(body, separators=(",", ":")).encode()


def decode_state(payload: bytes) -> bool:
    """Decode a `state` payload, and return whether the device is online.

    Raises:
        Rejected: with reason `undecodable`.
    """
    try:
        return StatePayload.model_validate_json(without_marks(payload)).status == "online"
    except ValidationError as error:
        raise Rejected(RejectionReason.UNDECODABLE, explain(error)) from None
