"""`rencheng schemas`: JSON Schema and AsyncAPI, written from the models that the platform itself reads with."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from rencheng.codecs.payloads import ChargingPayload, SignalPayload, StatePayload, WaterPayload
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.topic import ROOT
from services.alerts.messages.document import WarningDocument

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference" / "schemas"

READINGS: dict[Kind, Any] = {
    Kind.WATERLOGGING: WaterPayload | list[WaterPayload],
    Kind.SIGNAL: SignalPayload | list[SignalPayload],
    Kind.CHARGING: ChargingPayload | list[ChargingPayload],
}
DEVICE_TOPIC = ROOT + "/{region}/{kind}/{device_id}"

Json = dict[str, Any]


def schemas(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is not current.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the files lie.", show_default="docs/reference/schemas")] = FOLDER,
) -> None:
    """Write the payloads' JSON Schemas and the AsyncAPI document."""
    files = {
        folder / name: json.dumps(content, ensure_ascii=False, indent=2) + "\n" for name, content in all_().items()
    }
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check and stale:
        raise NotPossible(f"not current: {', '.join(path.name for path in stale)}. `rencheng schemas` writes them anew")
    folder.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(files[path], encoding="utf-8")
    typer.echo(f"{len(files)} files, {len(stale)} written")


def all_() -> dict[str, Json]:
    """Every document by its file name."""
    payloads = {kind.value: TypeAdapter(either).json_schema() for kind, either in READINGS.items()}
    payloads["state"] = StatePayload.model_json_schema()
    payloads["warning"] = TypeAdapter(WarningDocument).json_schema()
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    files: dict[str, Json] = {f"{name}.schema.json": dialect | schema for name, schema in payloads.items()}
    return files | {"asyncapi.json": asyncapi()}


def asyncapi() -> Json:
    """The MQTT side of the platform as AsyncAPI 3.0: which topics there are, who sends, and what."""
    telemetry = {
        f"telemetry_{kind.value}": _channel(
            f"{ROOT}/{{region}}/{kind.value}/{{device_id}}/telemetry",
            f"A device of kind {kind.value} sends a reading, or an array of them, with QoS 1.",
            {kind.value: {"payload": {"$ref": f"./{kind.value}.schema.json"}, "contentType": "application/json"}},
        )
        for kind in READINGS
    }
    state = _channel(
        f"{DEVICE_TOPIC}/state",
        "Retained: online from the device, offline from its last will.",
        {"state": {"payload": {"$ref": "./state.schema.json"}, "contentType": "application/json"}},
    )
    warning = _channel(
        f"{ROOT}/{{region}}/warning/{{site_id}}",
        "Retained: the current warning of a site; after its end the Cancel stays.",
        {"warning": {"payload": {"$ref": "./warning.schema.json"}, "contentType": "application/json"}},
    )
    heard = [*telemetry, "state"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rencheng 韧城 over MQTT",
            "version": "1",
            "description": "Topics under rencheng/v1, MQTT 3.1.1, QoS 1.",
        },
        "channels": telemetry | {"state": state, "warning": warning},
        "operations": {
            **{f"receive_{name}": {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}} for name in heard},
            "send_warning": {"action": "send", "channel": {"$ref": "#/channels/warning"}},
        },
    }


_PARAMETERS = {
    "region": {"description": "The district's six-digit GB/T 2260 code, such as 370102."},
    "kind": {"description": "The device's family.", "enum": [kind.value for kind in Kind]},
    "device_id": {"description": "The device's name, which is also its broker account."},
    "site_id": {"description": "The watched place."},
}


def _channel(address: str, description: str, messages: Json) -> Json:
    used = {name: text for name, text in _PARAMETERS.items() if f"{{{name}}}" in address}
    return {"address": address, "description": description, "parameters": used, "messages": messages}
