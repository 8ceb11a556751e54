"""Why a message is not delivered now, in the words of alarm management (ISA-18.2, Alertmanager)."""

from enum import StrEnum


class SuppressionReason(StrEnum):
    """A reason. A silence or maintenance is recorded by its name, such as `silence-12`."""

    THROTTLED = "throttled"
    """An update of the site was delivered less than ten minutes ago."""
    NEVER_NOTIFIED = "never_notified"
    """The end of something that was never delivered."""
    INHIBITED = "inhibited"
    """A graver message stands for it: red warnings of its region, or the city-wide no-data alarm."""
    SILENCE = "silence"
    MAINTENANCE = "maintenance"


def reason_of(suppressed_by: str) -> SuppressionReason:
    """Return the reason that a recorded value names."""
    return SuppressionReason(suppressed_by.partition("-")[0])
