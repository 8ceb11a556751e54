"""The `cbor` codec: the fields of the JSON form in CBOR (RFC 8949), for devices on metered links."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cbor2 import CBORTag, dumps
from pydantic import ValidationError

from rencheng.codecs.base import BadItem
from rencheng.codecs.cbor_bytes import read_cbor
from rencheng.codecs.items import MODELS, as_item, check_length, explain
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading

_EPOCH_TAG = 1


class CborCodec:
    """One reading as a map, or several as an array of maps.

    `time` is tag 0 (text), tag 1 (seconds since 1970), or an untagged text with offset. A number without a tag is
    rejected, because it could be seconds or milliseconds.
    """

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode a map or an array of maps; see `Codec.decode`."""
        value = read_cbor(payload, text_keys=True)
        items = value if isinstance(value, list) else [value]
        check_length(items)
        readings: list[Reading] = []
        bad: list[BadItem] = []
        for position, item in enumerate(items):
            try:
                readings.append(MODELS[kind].model_validate(_with_time(item)).reading(device_id))
            except ValidationError as error:
                bad.append(BadItem(position, RejectionReason.INVALID, explain(error)))
        return readings, bad

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode one reading as a map, several as an array, without empty fields."""
        items = [as_item(reading) | {"time": _as_time(reading.time)} for reading in readings]
        return dumps(items[0] if len(items) == 1 else items)


def _with_time(item: Any) -> Any:  # noqa: ANN401 - whatever CBOR may hold
    """Return the item with its time parsed if it is a text."""
    if not isinstance(item, dict) or not isinstance(item.get("time"), str):
        return item
    try:
        return item | {"time": datetime.fromisoformat(item["time"])}
    except ValueError:
        return item  # the model explains what is wrong with it


def _as_time(time: datetime) -> datetime | CBORTag:
    """Return whole seconds as tag 1, in six bytes, and finer times as text, because a float loses microseconds."""
    seconds = time.timestamp()
    return CBORTag(_EPOCH_TAG, int(seconds)) if seconds.is_integer() and time.microsecond == 0 else time
