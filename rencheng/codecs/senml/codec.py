"""SenML packs to readings and back. The records are the same in JSON and in CBOR; only their labels differ."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from cbor2 import dumps
from pydantic import ValidationError
from pydantic_core import from_json

from rencheng.codecs.base import BadItem
from rencheng.codecs.cbor_bytes import read_cbor
from rencheng.codecs.items import MODELS, READINGS_MAX, check_length, explain
from rencheng.codecs.senml.names import interpret
from rencheng.codecs.senml.records import BadRecord, Record, resolve
from rencheng.codecs.senml.write import as_records
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading

RECORDS_MAX = 4 * READINGS_MAX
"""The most records of a pack. A reading takes several."""

LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs"} | dict(
    enumerate(("n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"))
)
"""The numbers of labels in CBOR (RFC 8428, table 4)."""
_NUMBERS = {label: number for number, label in LABELS.items()}


class SenmlCodec:
    """A codec for packs in one of their two forms.

    Args:
        read: decodes bytes to an array of records with the labels of the JSON form.
        write: encodes records.
    """

    def __init__(self, read: Callable[[bytes], Any], write: Callable[[list[dict[str, Any]]], bytes]) -> None:
        self._read = read
        self._write = write

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode a pack; an error in one record rejects its reading alone. See `Codec.decode`."""
        pack = self._read(payload)
        if not isinstance(pack, list):
            raise Rejected(RejectionReason.UNDECODABLE, "a SenML pack is an array of records")
        if len(pack) > RECORDS_MAX:
            raise Rejected(RejectionReason.UNDECODABLE, f"{len(pack)} records in one pack; at most {RECORDS_MAX}")
        items = _combine(kind, resolve(pack))
        check_length(items)
        readings: list[Reading] = []
        bad: list[BadItem] = []
        for position, item in enumerate(items):
            try:
                if isinstance(item, str):
                    bad.append(BadItem(position, RejectionReason.INVALID, item))
                else:
                    readings.append(MODELS[kind].model_validate(item).reading(device_id))
            except ValidationError as error:
                bad.append(BadItem(position, RejectionReason.INVALID, explain(error)))
        return readings, bad

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode readings of one device as one pack.

        Raises:
            ValueError: a transaction whose name SenML does not allow, or a time before mid-1978.
        """
        return self._write(as_records(readings))


def _combine(kind: Kind, resolved: Sequence[Record | str]) -> list[dict[str, Any] | str]:
    """Combine the records of one time and part to a reading's fields, or to the error of the first bad record."""
    items: dict[object, dict[str, Any] | str] = {}
    for position, record in enumerate(resolved):
        if isinstance(record, str):
            items[position] = record
            continue
        try:
            field = interpret(kind, record)
        except BadRecord as error:
            items[position] = str(error)
            continue
        item = items.setdefault((record.time, field.part), {"time": record.time, **field.common})
        if isinstance(item, dict):
            if field.name in item and item[field.name] != field.value:
                items[record.time, field.part] = f"{record.name!r} occurs twice for one time with different values"
            item[field.name] = field.value
    return list(items.values())


def _read_json(payload: bytes) -> Any:  # noqa: ANN401 - whatever JSON may hold
    try:
        return from_json(payload, allow_inf_nan=False)
    except ValueError as error:
        raise Rejected(RejectionReason.UNDECODABLE, f"not JSON: {error}") from None


def _write_json(records: list[dict[str, Any]]) -> bytes:
    return json.dumps(records, separators=(",", ":")).encode()


def _read_cbor(payload: bytes) -> Any:  # noqa: ANN401 - whatever CBOR may hold
    pack = read_cbor(payload, text_keys=False)
    if not isinstance(pack, list):
        return pack
    return [_labelled(item) if isinstance(item, dict) else item for item in pack]


def _labelled(item: dict[Any, Any]) -> dict[Any, Any]:
    return {LABELS.get(label, label) if type(label) is int else label: value for label, value in item.items()}


def _write_cbor(records: list[dict[str, Any]]) -> bytes:
    return dumps([{_NUMBERS[label]: value for label, value in record.items()} for record in records])


def senml_json() -> SenmlCodec:
    """Return the codec of `application/senml+json`."""
    return SenmlCodec(_read_json, _write_json)


def senml_cbor() -> SenmlCodec:
    """Return the codec of `application/senml+cbor`."""
    return SenmlCodec(_read_cbor, _write_cbor)
