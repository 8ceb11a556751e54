"""The `cbor` codec: the fields of the JSON form in CBOR (RFC 8949), for devices on metered links."""

from collections.abc import Sequence
from datetime import datetime

from cbor2 import CBORTag, dumps

from rencheng.codecs.base import BadItem
from rencheng.codecs.cbor_parts import read_cbor_parts
from rencheng.codecs.items import READINGS_MAX, as_item
from rencheng.codecs.parts import as_readings
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
        value = read_cbor_parts(payload, text_keys=True, parts_max=READINGS_MAX)
        return as_readings(kind, device_id, value if isinstance(value, list) else [value])

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode one reading as a map, several as an array, without empty fields."""
        items = [as_item(reading) | {"time": _as_time(reading.time)} for reading in readings]
        return dumps(items[0] if len(items) == 1 else items)


def _as_time(time: datetime) -> datetime | CBORTag:
    """Return whole seconds as tag 1, in six bytes, and finer times as text, because a float loses microseconds."""
    seconds = time.timestamp()
    return CBORTag(_EPOCH_TAG, int(seconds)) if seconds.is_integer() and time.microsecond == 0 else time
