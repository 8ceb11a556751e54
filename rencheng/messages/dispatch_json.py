"""The JSON form of a message to a system: the body of a webhook, and the payload on its MQTT topic."""

from typing import Any, NotRequired

from typing_extensions import TypedDict


class DispatchDocument(TypedDict):
    """One message to a subscriber. A repetition has the same `id` and the same content."""

    type: str
    """warning, notice, test, call, endpoint-disabled, synthetic, …"""
    id: str
    """The id of the dispatch, in a webhook also its `webhook-id`."""
    timestamp: str
    """When the platform decided it."""
    world: str
    """`actual`, or the name of an exercise."""
    data: dict[str, Any]
    """Of a warning or notice its document, as on its own topic; of a warning also `cap_url`, where its CAP form is."""
    cap_xml: NotRequired[str]
    """The CAP form of a warning, if the contact asks for it and it fits."""
