"""Metrics of the alert service, with their types and meanings."""

from prometheus_client import Counter, Gauge, Histogram

EVALUATED = Counter("rencheng_alerts_evaluated_readings", "Readings that were evaluated.")
LEVEL_CHANGES = Counter(
    "rencheng_alerts_level_changes", "Warning messages, by the level that the site reached; none at the end.", ["level"]
)
SUPPRESSED = Counter(
    "rencheng_alerts_suppressed_messages",
    "Warnings and notices that were not delivered at once: throttled, never_notified, inhibited, silence, maintenance.",
    ["reason"],
)
RELAY_LAG = Histogram(
    "rencheng_alerts_relay_lag_seconds",
    "From the moment a message is due to the broker's acknowledgement.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600),
)
IN_FLIGHT = Gauge("rencheng_alerts_in_flight_messages", "Messages that the broker has not acknowledged.")
UNRECORDED = Gauge("rencheng_alerts_unrecorded_messages", "Due messages that the database has not recorded.")
BACKLOG = Gauge("rencheng_alerts_backlog", "1 while the database may hold due messages that were not sent, else 0.")
SITES = Gauge("rencheng_alerts_sites", "Sites of the world actual that have a depth gauge.")
SITES_WITHOUT_DATA = Gauge("rencheng_alerts_sites_without_data", "Of these, the sites without usable depths.")
SHED_READINGS = Counter(
    "rencheng_alerts_shed_readings", "Readings beyond a device's quota that were not evaluated; its newest are."
)
SHED_MESSAGES = Counter(
    "rencheng_alerts_shed_messages", "Messages that were dropped unread, because newer ones of the same device waited."
)
UNREADABLE = Gauge(
    "rencheng_alerts_unreadable_rows", "Mutes, rain signals and forecasts that cannot be read and do not count."
)
DATABASE_FAILURES = Counter("rencheng_alerts_database_failures", "Attempts that found the database away.")
