"""Metrics of ingest and of the broker that it reads."""

from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter(
    "rencheng_ingest_received_readings", "Readings received; a message that cannot be decoded counts one."
)
SETTLED = Counter(
    "rencheng_ingest_settled_readings", "Readings committed, by outcome: stored, duplicate or quarantined.", ["outcome"]
)
IN_FLIGHT = Gauge("rencheng_ingest_in_flight_readings", "Readings received and not yet committed.")
INBOX = Gauge("rencheng_ingest_inbox_messages", "Messages received and not yet dispatched to a writer.")
BATCH = Histogram(
    "rencheng_ingest_batch_messages",
    "Messages in a batch.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
)
BATCH_AGE = Histogram(
    "rencheng_ingest_batch_age_seconds",
    "Seconds from the arrival of a batch's first message to its commit.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
WRITE_SECONDS = Histogram(
    "rencheng_ingest_write_seconds",
    "Seconds from intake to commit of a batch.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60),
)
COMMIT_LAG = Histogram(
    "rencheng_ingest_commit_lag_seconds",
    "Seconds from the sample time to the commit, of up to 20 readings of each batch.",
    buckets=(0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 21_600, 86_400),
)
QUARANTINED = Counter("rencheng_ingest_quarantined_readings", "Readings put into quarantine, by reason.", ["reason"])
WRITERS = Gauge("rencheng_ingest_writers", "Writers that run.")
BROKER = {
    "dropped_messages": Gauge("rencheng_broker_dropped_messages", "Messages that Mosquitto accepted and dropped."),
    "stored_messages": Gauge("rencheng_broker_stored_messages", "Messages that Mosquitto holds: its backlog."),
    "stored_bytes": Gauge("rencheng_broker_stored_bytes", "Payload that Mosquitto holds, bytes."),
    "connected_clients": Gauge("rencheng_broker_connected_clients", "Clients connected to Mosquitto."),
}
REPLIES = Counter("rencheng_ingest_replies", "Replies to devices, by outcome: sent or dropped.", ["outcome"])
RECEIPTS_DROPPED = Counter(
    "rencheng_ingest_receipts_dropped", "Messages that no receipt names, because too many replies are pending."
)
