"""Notifications about changes of devices and sites, sent by triggers of the database (NOTIFY)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from rencheng.store.core.driver import driver_of

NOTIFY_CHANNEL = "rencheng_devices"
"""A payload names the changed devices, `/sites` or `/gateways`. After an empty one any device may have changed."""


@dataclass(frozen=True, slots=True)
class RegistryChanges:
    """Changes since the last call. `names` are of devices; without `is_complete` other devices may have changed too."""

    is_complete: bool
    names: frozenset[str]

    def __bool__(self) -> bool:
        """Return whether anything has changed."""
        return bool(self.names) or not self.is_complete


def listen_for_changes(connection: Connection) -> None:
    """Subscribe to the channel. It takes effect with the commit."""
    connection.exec_driver_sql(f"LISTEN {NOTIFY_CHANNEL}")


def pending_changes(connection: Connection) -> RegistryChanges:
    """Return the changes since the last call on this connection, without a query.

    The driver is read twice: after a failure of the server the first read returns the last notifications, and only the
    second one detects the lost connection.
    """
    driver = driver_of(connection)
    payloads = [notification.payload for _read in range(2) for notification in driver.notifies(timeout=0)]
    names = frozenset(name for payload in payloads for name in payload.split())
    return RegistryChanges(is_complete="" not in payloads, names=names)
