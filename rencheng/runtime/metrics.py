"""Every metric that the platform offers, with its type and meaning."""

from prometheus_client import Counter, Gauge

RECEIVED = Counter(
    "rencheng_ingest_received_readings", "Readings taken in by this worker; a broken message counts one."
)
SETTLED = Counter("rencheng_ingest_settled_readings", "Readings committed, by what became of them.", ["outcome"])
IN_FLIGHT = Gauge("rencheng_ingest_in_flight_readings", "Readings taken in and not yet committed.")
INBOX = Gauge("rencheng_ingest_inbox_messages", "Messages that arrived and have not been looked at.")
BATCH = Gauge("rencheng_ingest_batch_messages", "Messages in the batch that was committed last.")
