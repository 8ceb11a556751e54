"""Why a gauge or a site has no usable depth."""

from enum import StrEnum


class NoDataReason(StrEnum):
    """Why there is no usable depth: the gauge is silent, it is at fault, or it has never reported."""

    SILENT = "silent"
    """It is sound, and has not reported for longer than its own reporting interval allows."""
    STUCK = "stuck"
    """It reports the same depth for hours."""
    BLOCKED = "blocked"
    """Something solid stands in the beam."""
    SPIKY = "spiky"
    """Its depths jump as water does not."""
    NEVER_REPORTED = "never_reported"
    """It has not measured a depth yet."""
