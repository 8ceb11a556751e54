"""Metrics of the response service, with their types and meanings."""

from prometheus_client import Counter, Gauge, Histogram

DECIDED = Counter("rencheng_response_decided_messages", "Decided warnings and notices that got their dispatches.")
ATTEMPTS = Counter("rencheng_response_attempts", "Attempts, by channel and outcome.", ["kind", "outcome"])
LAG = Histogram(
    "rencheng_response_lag_seconds",
    "From the moment a dispatch was made to the end of its first attempt, by channel.",
    ["kind"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600),
)
IN_FLIGHT = Gauge("rencheng_response_in_flight_messages", "Messages whose attempt has not ended.")
DUE = Gauge("rencheng_response_due_dispatches", "Dispatches that are due to endpoints that do not fail.")
OLDEST_DUE = Gauge("rencheng_response_oldest_due_seconds", "Age of the oldest of them.")
DISABLED = Gauge("rencheng_response_disabled_endpoints", "Contact methods that are disabled.")
FAILING = Gauge("rencheng_response_failing_endpoints", "Contact methods that fail and are tried again.")
LOST_LEASES = Counter(
    "rencheng_response_lost_leases", "Attempts whose process died or hung; their outcome is doubtful."
)
EXPIRED = Counter("rencheng_response_expired_dispatches", "Dispatches that were not sent in time.")
SPARE = Counter(
    "rencheng_response_spare_attempts",
    "Attempts from memory while the database was away, by channel and outcome.",
    ["kind", "outcome"],
)
DATABASE_AWAY = Gauge("rencheng_response_database_away", "1 while red warnings leave from memory.")
CLOCK_JUMPS = Counter("rencheng_response_clock_jumps", "Jumps of the database's clock by 30 seconds or more.")
COMMANDS_WAITING = Gauge(
    "rencheng_response_waiting_commands",
    "Commands to devices that wait for people: `to_approve`, `for_people` (not carried out), `undecided` (expired).",
    ["why"],
)
SILENT_DEVICES = Gauge("rencheng_response_silent_devices", "Devices for commands that never reported a state.")
