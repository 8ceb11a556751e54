"""JSON Schema and AsyncAPI, generated from the models that the platform uses itself."""

from typing import Any

from pydantic import TypeAdapter

from rencheng.codecs.payloads import ChargingPayload, SignalPayload, StatePayload, WaterPayload
from rencheng.codecs.receipts import ReceiptDocument
from rencheng.domain.heartbeat import Part
from rencheng.domain.kind import Kind
from rencheng.domain.notice import NoticeKind
from rencheng.domain.topic import ROOT
from rencheng.messages.answer_json import ANSWER_TOPIC, RESULT_TOPIC, AnswerDocument, AnswerResultDocument
from rencheng.messages.dispatch_json import DispatchDocument
from rencheng.messages.notice_json import NoticeDocument
from rencheng.messages.service_json import ServiceDocument, service_topic
from rencheng.messages.warning_json import WarningDocument
from rencheng.response.commands.verbs import ACTUATOR_LEVEL
from rencheng.response.commands.wire import CommandDocument, ReplyDocument, StateDocument, StateRequest

READINGS: dict[Kind, Any] = {
    Kind.WATERLOGGING: WaterPayload | list[WaterPayload],
    Kind.SIGNAL: SignalPayload | list[SignalPayload],
    Kind.CHARGING: ChargingPayload | list[ChargingPayload],
}
DEVICE_TOPIC = ROOT + "/{region}/{kind}/{device_id}"

Json = dict[str, Any]


def schemas() -> dict[str, Json]:
    """Return every document by its file name."""
    payloads = {kind.value: TypeAdapter(either).json_schema() for kind, either in READINGS.items()}
    payloads["state"] = StatePayload.model_json_schema()
    payloads["receipt"] = ReceiptDocument.model_json_schema()
    payloads["command"] = TypeAdapter(CommandDocument | StateRequest).json_schema()
    payloads["command_reply"] = TypeAdapter(ReplyDocument | StateDocument).json_schema()
    payloads["warning"] = TypeAdapter(WarningDocument).json_schema()
    payloads["notice"] = TypeAdapter(NoticeDocument).json_schema()
    payloads["service"] = TypeAdapter(ServiceDocument).json_schema()
    payloads["dispatch"] = TypeAdapter(DispatchDocument).json_schema()
    payloads["answer"] = AnswerDocument.model_json_schema()
    payloads["answer_result"] = AnswerResultDocument.model_json_schema()
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    files: dict[str, Json] = {f"{name}.schema.json": dialect | schema for name, schema in payloads.items()}
    return files | {"asyncapi.json": asyncapi()}


def asyncapi() -> Json:
    """Return the MQTT topics and messages of the platform as AsyncAPI 3.0."""
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
        "Retained. The device publishes online; its last will publishes offline.",
        {"state": {"payload": {"$ref": "./state.schema.json"}, "contentType": "application/json"}},
    )
    warning = _channel(
        f"{ROOT}/{{region}}/warning/{{site_id}}",
        "Retained: the current warning of a site; after its end the Cancel stays.",
        {"warning": {"payload": {"$ref": "./warning.schema.json"}, "contentType": "application/json"}},
    )
    others = {
        "state": state,
        "reply": _reply(),
        "command": _command(),
        "warning": warning,
        "exercise": _exercise(),
        "notice": _notice(),
        "service": _service(),
        "dispatch": _dispatch(),
        "answer": _answer(),
        "answer_result": _answer_result(),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rencheng 韧城 over MQTT",
            "version": "1",
            "description": "Topics under rencheng/v1, MQTT 3.1.1. QoS 1, except for receipts.",
        },
        "channels": telemetry | others,
        "operations": {
            f"receive_{name}": _operation("receive", name) for name in [*telemetry, "state", "reply", "answer"]
        }
        | {f"send_{name}": _operation("send", channel) for name, channel in _SENT.items()},
    }


_SENT = {
    "receipt": "reply",
    "command": "command",
    "warning": "warning",
    "exercise": "exercise",
    "notice": "notice",
    "service": "service",
    "dispatch": "dispatch",
    "answer_result": "answer_result",
}
"""What the platform sends, and the channel."""


def _operation(action: str, channel: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


_PARAMETERS = {
    "region": {"description": "The district's six-digit GB/T 2260 code, such as 370102."},
    "kind": {"description": "The device's kind.", "enum": [*(kind.value for kind in Kind), ACTUATOR_LEVEL]},
    "device_id": {"description": "The device's name, which is also its broker account."},
    "site_id": {"description": "The watched site."},
    "notice_kind": {"description": "The subject of the notice.", "enum": [kind.value for kind in NoticeKind]},
    "name": {"description": "The address of the contact method."},
    "world": {"description": "`actual`, or the name of an exercise."},
    "topic": {"description": "The group or silence. Characters that a topic cannot have are replaced by a dash."},
}


def _reply() -> Json:
    return _channel(
        f"{DEVICE_TOPIC}/reply",
        "To a device, QoS 0, not retained: its settled messages, if its profile asks for receipts, and its rejected"
        " readings. At most about one per second. After a missed one the device sends its messages again. From a device"
        " that takes commands, QoS 1: its answers and its state.",
        {
            "receipt": {"payload": {"$ref": "./receipt.schema.json"}, "contentType": "application/json"},
            "command_reply": {"payload": {"$ref": "./command_reply.schema.json"}, "contentType": "application/json"},
        },
    )


def _command() -> Json:
    return _channel(
        f"{DEVICE_TOPIC}/command",
        "To a device, QoS 1, never retained, with an expiry in the message and for the broker: a command, or a request"
        " for its state. The device answers on reply, once for each id.",
        {"command": {"payload": {"$ref": "./command.schema.json"}, "contentType": "application/json"}},
    )


def _exercise() -> Json:
    return _channel(
        f"{ROOT}/{{region}}/exercise/{{site_id}}",
        "Retained: the current warning of a site of an exercise, in the same form; never act on it as on a warning.",
        {"warning": {"payload": {"$ref": "./warning.schema.json"}, "contentType": "application/json"}},
    )


def _notice() -> Json:
    return _channel(
        f"{ROOT}/notice/{{notice_kind}}/{{world}}/{{topic}}",
        "Retained: the newest notice. A region's summary, sites without data, a site's monitoring lost or restored,"
        " a silence that ends, or what may be water and is not proven.",
        {"notice": {"payload": {"$ref": "./notice.schema.json"}, "contentType": "application/json"}},
    )


def _service() -> Json:
    return _channel(
        service_topic(Part.ALERTS),
        "Retained: the state of the alert service, every five seconds. Its last will has the state down.",
        {"service": {"payload": {"$ref": "./service.schema.json"}, "contentType": "application/json"}},
    )


def _dispatch() -> Json:
    return _channel(
        f"{ROOT}/dispatch/{{name}}",
        "To a subscriber with a contact method of kind mqtt, QoS 1, not retained. Messages of a warning come in order;"
        " a repetition has the same id. The watch sends itself messages on rencheng-watch.",
        {"dispatch": {"payload": {"$ref": "./dispatch.schema.json"}, "contentType": "application/json"}},
    )


def _answer() -> Json:
    return _channel(
        ANSWER_TOPIC,
        "A dispatch system, with the account rencheng-operator, answers a call for one of its people. QoS 1, not"
        " retained. The same answer to the same ask counts once.",
        {"answer": {"payload": {"$ref": "./answer.schema.json"}, "contentType": "application/json"}},
    )


def _answer_result() -> Json:
    return _channel(
        RESULT_TOPIC,
        "QoS 0, not retained: what became of an answer, once it is stored. Without a result send the answer again.",
        {"answer_result": {"payload": {"$ref": "./answer_result.schema.json"}, "contentType": "application/json"}},
    )


def _channel(address: str, description: str, messages: Json) -> Json:
    used = {name: text for name, text in _PARAMETERS.items() if f"{{{name}}}" in address}
    return {"address": address, "description": description, "parameters": used, "messages": messages}
