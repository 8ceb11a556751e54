"""The `json` codec: one reading as an object, or several as an array (a buffered upload)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from rencheng.codecs.base import BadItem
from rencheng.codecs.items import MODELS, READINGS_MAX, as_item, check_length, explain
from rencheng.codecs.json_quick import read_plain
from rencheng.codecs.payloads import StatePayload
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading

_ARRAYS: dict[Kind, TypeAdapter[Any]] = {
    # the first error ends the validation, so that a megabyte of garbage does not become a megabyte of findings
    kind: TypeAdapter(Annotated[list[model], Field(max_length=READINGS_MAX), FailFast()])  # type: ignore[arg-type, valid-type]
    for kind, model in MODELS.items()
}


class JsonCodec:
    """The codec of the payloads that `rencheng.codecs.payloads` specifies."""

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode an object or an array of objects; see `Codec.decode`."""
        if (plain := read_plain(kind, device_id, payload, readings_max=READINGS_MAX)) is not None:
            return plain, []
        if payload.lstrip()[:1] != b"[":
            return _decode_items(kind, device_id, [_parsed(payload)])
        try:
            models = _ARRAYS[kind].validate_json(payload)
        except ValidationError:
            return _decode_items(kind, device_id, _parsed(payload))
        check_length(models)
        return [model.reading(device_id) for model in models], []

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
        return StatePayload.model_validate_json(payload).status == "online"
    except ValidationError as error:
        raise Rejected(RejectionReason.UNDECODABLE, explain(error)) from None


def _parsed(payload: bytes) -> Any:  # noqa: ANN401 - whatever JSON may hold
    try:
        parsed = from_json(payload, allow_inf_nan=False)
    except ValueError as error:
        raise Rejected(RejectionReason.UNDECODABLE, f"not JSON: {error}") from None
    return parsed


def _decode_items(kind: Kind, device_id: str, items: list[Any]) -> tuple[list[Reading], list[BadItem]]:
    check_length(items)
    readings: list[Reading] = []
    bad: list[BadItem] = []
    for position, item in enumerate(items):
        try:
            # through JSON again, because strict mode accepts a text as a time in JSON alone
            readings.append(MODELS[kind].model_validate_json(to_json(item)).reading(device_id))
        except ValidationError as error:
            bad.append(BadItem(position, RejectionReason.INVALID, explain(error)))
    return readings, bad
