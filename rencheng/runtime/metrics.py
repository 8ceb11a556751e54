"""Every metric that the platform offers, with its type and meaning."""

from prometheus_client import Counter, Gauge

RECEIVED = Counter(
    "rencheng_ingest_received_readings", "Readings taken in by this worker; a broken message counts one."
)
SETTLED = Counter("rencheng_ingest_settled_readings", "Readings committed, by what became of them.", ["outcome"])
IN_FLIGHT = Gauge("rencheng_ingest_in_flight_readings", "Readings taken in and not yet committed.")
INBOX = Gauge("rencheng_ingest_inbox_messages", "Messages that arrived and have not been looked at.")
BATCH = Gauge("rencheng_ingest_batch_messages", "Messages in the batch that was committed last.")
JOB_RUNS = Counter("rencheng_job_runs", "Runs of periodic jobs, by how they ended: done or failed.", ["job", "outcome"])
JOB_SECONDS = Gauge("rencheng_job_seconds", "How long the last good run took.", ["job"])
JOB_SUCCEEDED = Gauge("rencheng_job_succeeded_timestamp_seconds", "When a run ended well last, Unix time.", ["job"])
ANSWERS = Counter("rencheng_ingest_answers", "Answers to devices, by whether they were sent or dropped.", ["outcome"])
UNNAMED = Counter("rencheng_ingest_unnamed_messages", "Settled messages that no receipt names, for want of room.")
