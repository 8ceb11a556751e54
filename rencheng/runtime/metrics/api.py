"""Metrics of the API."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "rencheng_api_requests", "Requests, by route template, method and HTTP status.", ["route", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "rencheng_api_request_seconds",
    "From the arrival of a request to the beginning of its response, by route template.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
STREAM_CLIENTS = Gauge("rencheng_api_stream_clients", "Open live streams.")
STREAM_LAG = Histogram(
    "rencheng_api_stream_lag_seconds",
    "From the recording of a warning message to its publication on the live streams.",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
CLOSED_CONNECTIONS = Counter(
    "rencheng_api_closed_connections",
    "Connections closed by a limit: no_request, unread, refused_body, limit (of connections).",
    ["reason"],
)
LIMITED_REQUESTS = Counter(
    "rencheng_api_limited_requests", "Requests refused by a limit: key, address, lookups, running, streams.", ["limit"]
)
REJECTED_KEYS = Counter(
    "rencheng_api_rejected_keys", "Requests rejected by authentication or authorisation, by reason.", ["reason"]
)
PART_STATE = Gauge(
    "rencheng_platform_part_state", "State of each part of the platform: 0 ok, 1 behind, 2 down.", ["part"]
)
