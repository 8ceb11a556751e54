"""What Mosquitto tells about itself below `$SYS/broker`. Other brokers have other names, or none."""

from rencheng.domain.message import ReceivedMessage

TOPICS = {
    "$SYS/broker/publish/messages/dropped": "dropped_messages",
    "$SYS/broker/store/messages/count": "stored_messages",
    "$SYS/broker/store/messages/bytes": "stored_bytes",
    "$SYS/broker/clients/connected": "connected_clients",
}
"""Topic to figure. A broker that has accepted a message and dropped it says so nowhere else."""


def metric_value(message: ReceivedMessage) -> tuple[str, float] | None:
    """The figure that a message tells, by its name; None for what is no number, or none of ours."""
    name = TOPICS.get(message.topic)
    if name is None:
        return None
    try:
        return name, float(message.payload)
    except ValueError:
        return None
