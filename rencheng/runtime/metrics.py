"""Every metric that the platform offers, with its type and meaning."""

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
JOB_RUNS = Counter("rencheng_job_runs", "Runs of periodic jobs, by how they ended: done or failed.", ["job", "outcome"])
JOB_SECONDS = Gauge("rencheng_job_seconds", "How long the last good run took.", ["job"])
JOB_SUCCEEDED = Gauge("rencheng_job_succeeded_timestamp_seconds", "When a run ended well last, Unix time.", ["job"])
REPLIES = Counter("rencheng_ingest_replies", "Replies to devices, by outcome: sent or dropped.", ["outcome"])
RECEIPTS_DROPPED = Counter(
    "rencheng_ingest_receipts_dropped", "Messages that no receipt names, because too many replies are pending."
)
API_REQUESTS = Counter(
    "rencheng_api_requests", "Requests, by route template, method and HTTP status.", ["route", "method", "status"]
)
API_REQUEST_SECONDS = Histogram(
    "rencheng_api_request_seconds",
    "From the arrival of a request to the beginning of its response, by route template.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
API_STREAM_CLIENTS = Gauge("rencheng_api_stream_clients", "Open live streams.")
API_STREAM_LAG = Histogram(
    "rencheng_api_stream_lag_seconds",
    "From the recording of a warning message to its publication on the live streams.",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
API_REJECTED_KEYS = Counter(
    "rencheng_api_rejected_keys", "Requests rejected by authentication or authorisation, by reason.", ["reason"]
)
JOB_FIGURES = Gauge("rencheng_job_figure", "What the last good run did, number by number.", ["job", "figure"])
