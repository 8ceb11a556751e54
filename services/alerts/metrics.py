"""What the alert service measures of itself."""

from rencheng.domain.level import Level
from rencheng.domain.suppression import SuppressionReason
from rencheng.runtime.metrics.alerts import (
    BACKLOG,
    DATABASE_FAILURES,
    EVALUATED,
    IN_FLIGHT,
    LEVEL_CHANGES,
    RELAY_LAG,
    SHED_MESSAGES,
    SHED_READINGS,
    SITES,
    SITES_WITHOUT_DATA,
    SUPPRESSED,
    UNREADABLE,
    UNRECORDED,
)


def count_evaluated(readings: int) -> None:
    """Count a batch of readings that are evaluated."""
    EVALUATED.inc(readings)


def count_level_change(level: Level) -> None:
    """Count a change of a site's level, by the level that it reached."""
    LEVEL_CHANGES.labels(level.word).inc()


def count_suppressed(reason: SuppressionReason) -> None:
    """Count a warning or notice that is not delivered now."""
    SUPPRESSED.labels(reason.value).inc()


def observe_relay_lag(seconds: float) -> None:
    """Note how long a message was due until the broker acknowledged it."""
    RELAY_LAG.observe(seconds)


def set_delivery(*, in_flight: int, unrecorded: int, backlog: bool) -> None:
    """Set how far delivery is."""
    IN_FLIGHT.set(in_flight)
    UNRECORDED.set(unrecorded)
    BACKLOG.set(backlog)


def set_sites(*, watched: int, without_data: int) -> None:
    """Set how many live sites are watched, and how many of them have no data."""
    SITES.set(watched)
    SITES_WITHOUT_DATA.set(without_data)


def count_database_failure() -> None:
    """Count an attempt that found the database away."""
    DATABASE_FAILURES.inc()


def set_unreadable(rows: int) -> None:
    """Set how many mutes, rain signals and forecasts cannot be read and do not count."""
    UNREADABLE.set(rows)


def count_shed_readings(readings: int) -> None:
    """Count readings beyond a device's quota that were not evaluated."""
    SHED_READINGS.inc(readings)


def count_shed_messages(messages: int) -> None:
    """Count messages of devices that flood that were dropped unread."""
    SHED_MESSAGES.inc(messages)
