"""The figures that Mosquitto publishes about itself below `$SYS/broker`. Other brokers have other topics or none."""

from rencheng.domain.message import ReceivedMessage

TOPICS = {
    "$SYS/broker/publish/messages/dropped": "dropped_messages",
    "$SYS/broker/store/messages/count": "stored_messages",
    "$SYS/broker/store/messages/bytes": "stored_bytes",
    "$SYS/broker/clients/connected": "connected_clients",
}
"""The figure of each topic. A broker reports accepted and dropped messages nowhere else."""


def metric_value(message: ReceivedMessage) -> tuple[str, float] | None:
    """Return the name and value of the figure in a message; None if it is not a number, or of another topic."""
    name = TOPICS.get(message.topic)
    if name is None:
        return None
    try:
        return name, float(message.payload)
    except ValueError:
        return None
