"""The `json` codec: one reading as an object, or several as an array (a buffered upload)."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

from pydantic import FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from rencheng.codecs.base import BadItem
from rencheng.codecs.json_quick import read_plain
from rencheng.codecs.payloads import ChargingPayload, SignalPayload, StatePayload, WaterPayload
from rencheng.domain.errors import Reason, Refused
from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Reading

READINGS_MAX = 5000
"""The most readings that one message may carry. A longer upload is several messages."""

_MODELS: dict[Kind, type[WaterPayload] | type[SignalPayload] | type[ChargingPayload]] = {
    Kind.WATERLOGGING: WaterPayload,
    Kind.SIGNAL: SignalPayload,
    Kind.CHARGING: ChargingPayload,
}
_ARRAYS: dict[Kind, TypeAdapter[Any]] = {
    # the first fault ends the quick way: a megabyte of nonsense must not become a megabyte of findings
    kind: TypeAdapter(Annotated[list[model], Field(max_length=READINGS_MAX), FailFast()])  # type: ignore[arg-type, valid-type]
    for kind, model in _MODELS.items()
}


class JsonCodec:
    """Reads and writes the payloads of `rencheng.codecs.payloads`."""

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Read an object or an array of objects; see `Codec.decode`."""
        if (plain := read_plain(kind, device_id, payload, readings_max=READINGS_MAX)) is not None:
            return plain, []
        if payload.lstrip()[:1] != b"[":
            return _decode_items(kind, device_id, [_parsed(payload)])
        try:
            models = _ARRAYS[kind].validate_json(payload)
        except ValidationError:
            return _decode_items(kind, device_id, _parsed(payload))
        _check_length(models)
        return [model.reading(device_id) for model in models], []

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Write one reading as an object, several as an array, without the fields that say nothing."""
        items = [_as_item(reading) for reading in readings]
        body = items[0] if len(items) == 1 else items
        return json.dumps(body, separators=(",", ":")).encode()


def decode_state(payload: bytes) -> bool:
    """Read a `state` payload: is the device online?

    Raises:
        Refused: with reason `undecodable`.
    """
    try:
        return StatePayload.model_validate_json(payload).status == "online"
    except ValidationError as error:
        raise Refused(Reason.UNDECODABLE, _explain(error)) from None


def _parsed(payload: bytes) -> Any:  # noqa: ANN401 - whatever JSON may hold
    try:
        parsed = from_json(payload, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(Reason.UNDECODABLE, f"not JSON: {error}") from None
    return parsed


def _check_length(items: Sequence[object]) -> None:
    if not items:
        raise Refused(Reason.UNDECODABLE, "an array without readings")
    if len(items) > READINGS_MAX:
        raise Refused(Reason.UNDECODABLE, f"{len(items)} readings in one message; at most {READINGS_MAX}")


def _decode_items(kind: Kind, device_id: str, items: list[Any]) -> tuple[list[Reading], list[BadItem]]:
    _check_length(items)
    readings: list[Reading] = []
    bad: list[BadItem] = []
    for position, item in enumerate(items):
        try:
            # by way of JSON again, because only there strict mode takes a text for a time
            readings.append(_MODELS[kind].model_validate_json(to_json(item)).reading(device_id))
        except ValidationError as error:
            bad.append(BadItem(position, Reason.INVALID, _explain(error)))
    return readings, bad


def _explain(error: ValidationError) -> str:
    """The first three findings as `field: what is wrong`."""
    findings = [
        f"{'.'.join(str(step) for step in finding['loc']) or 'payload'}: {finding['msg']}"
        for finding in error.errors(include_url=False, include_input=False)[:3]
    ]
    return "; ".join(findings)


def _as_item(reading: Reading) -> dict[str, object]:
    item: dict[str, object] = {}
    for field in fields(reading):
        value = getattr(reading, field.name)
        if value is not None and field.name not in {"device_id", "quality"}:
            item[field.name] = value.isoformat() if isinstance(value, datetime) else value
    if Quality.MISSING in reading.quality:
        item["depth_mm"] = None
    return item
