"""SenML packs to readings and back. The records are the same in JSON and in CBOR; only their labels differ."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cbor2 import dumps
from pydantic import ValidationError

from rencheng.codecs.base import BadItem
from rencheng.codecs.cbor_parts import read_cbor_parts
from rencheng.codecs.items import READINGS_MAX, explain
from rencheng.codecs.json_parts import read_json_parts
from rencheng.codecs.parts import UnreadablePart, as_readings
from rencheng.codecs.payloads import WaterPayload
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
        read: decodes bytes to the parts of an array: records with the labels of the JSON form, or unreadable parts.
        write: encodes records.
    """

    def __init__(self, read: Callable[..., Any], write: Callable[[list[dict[str, Any]]], bytes]) -> None:
        self._read = read
        self._write = write

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode a pack; an error in one record rejects its reading alone. See `Codec.decode`."""
        pack = self._read(payload, parts_max=RECORDS_MAX)
        if not isinstance(pack, list):
            raise Rejected(RejectionReason.UNDECODABLE, "a SenML pack is an array of records")
        return as_readings(kind, device_id, _without_bad_auxiliaries(kind, _combine(kind, resolve(pack))))

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode readings of one device as one pack.

        Raises:
            ValueError: a transaction whose name SenML does not allow, or a time before mid-1978.
        """
        return self._write(as_records(readings))


_Part = dict[str, Any] | UnreadablePart

_NOT_AUXILIARY = {"time", "channel", "depth_mm", "rain_mm"}
"""Fields without which a reading would be another one."""


def _combine(kind: Kind, resolved: Sequence[Record | UnreadablePart]) -> list[_Part]:
    """Combine the records of one time and part to a reading's fields, unless they contradict each other."""
    items: dict[object, _Part] = {}
    for position, record in enumerate(resolved):
        if isinstance(record, UnreadablePart):
            items[position] = record
            continue
        try:
            field = interpret(kind, record)
        except BadRecord as error:
            items[position] = UnreadablePart(str(error))
            continue
        item = items.setdefault((record.time, field.part), {"time": record.time, **field.common})
        if isinstance(item, dict):
            if field.name in item and item[field.name] != field.value:
                detail = f"{record.name!r} occurs twice for one time with different values"
                items[record.time, field.part] = UnreadablePart(detail)
            item[field.name] = field.value
    return list(items.values())


def _write_json(records: list[dict[str, Any]]) -> bytes:
    return json.dumps(records, separators=(",", ":")).encode()


def _read_cbor(payload: bytes, *, parts_max: int) -> Any:  # noqa: ANN401 - whatever CBOR may hold
    pack = read_cbor_parts(payload, text_keys=False, parts_max=parts_max)
    return [_with_labels(part) for part in pack] if isinstance(pack, list) else pack


def _without_bad_auxiliaries(kind: Kind, parts: Sequence[_Part]) -> list[_Part]:
    """Separate auxiliary values that are not valid from their reading, because each is a record of its own."""
    if kind is not Kind.WATERLOGGING:
        return list(parts)
    separated: list[_Part] = []
    for part in parts:
        separated.append(part)
        if isinstance(part, UnreadablePart) or not part.keys() & {"depth_mm", "rain_mm"}:
            continue
        try:
            WaterPayload.model_validate(part)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors(include_url=False) if one["loc"]}
            if wrong and not wrong & _NOT_AUXILIARY:
                separated[-1] = {name: value for name, value in part.items() if name not in wrong}
                separated.append(UnreadablePart(explain(error)))
    return separated


def _with_labels(part: Any) -> Any:  # noqa: ANN401 - as above
    """Return a record or an unreadable part with the labels of the JSON form."""
    if isinstance(part, UnreadablePart):
        return replace(part, names=frozenset(map(_label, part.names)), fields=_labelled(part.fields))
    if not isinstance(part, dict):
        return part
    labelled = _labelled(part)
    if len(labelled) < len(part):
        twice = next(label for number, label in LABELS.items() if number in part and label in part)
        return UnreadablePart(f"{twice}: occurs twice in one record", names=frozenset(labelled), fields=labelled)
    return labelled


def _labelled(fields: Mapping[Any, Any]) -> dict[Any, Any]:
    return {_label(label): value for label, value in fields.items()}


def _label(label: Any) -> Any:  # noqa: ANN401 - as above
    return LABELS.get(label, label) if type(label) is int else label


def _write_cbor(records: list[dict[str, Any]]) -> bytes:
    return dumps([{_NUMBERS[label]: value for label, value in record.items()} for record in records])


def senml_json() -> SenmlCodec:
    """Return the codec of `application/senml+json`."""
    return SenmlCodec(read_json_parts, _write_json)


def senml_cbor() -> SenmlCodec:
    """Return the codec of `application/senml+cbor`."""
    return SenmlCodec(_read_cbor, _write_cbor)
