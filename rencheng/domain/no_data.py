"""Whether and why a gauge or a site has no usable depth."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class NoDataReason(StrEnum):
    """Why there is no usable depth: the gauge is silent, cannot measure, is late, at fault, or has never reported."""

    SILENT = "silent"
    """It is sound, and has not reported for longer than its own reporting interval allows."""
    STUCK = "stuck"
    """It reports the same depth for hours."""
    BLOCKED = "blocked"
    """Something solid stands in the beam."""
    SPIKY = "spiky"
    """Its depths jump as water does not."""
    NO_MEASUREMENT = "no_measurement"
    """It reports, and cannot measure: its depths are missing or out of its range."""
    LATE = "late"
    """Its readings arrive too late to be evaluated: they wait on the way, or its clock is slow."""
    NEVER_REPORTED = "never_reported"
    """It has not measured a depth yet."""


class Monitoring(NamedTuple):
    """Whether there is data about a site or a gauge at a moment.

    Attributes:
        has_data: whether a usable depth is recent enough.
        reason: why there is no data; None if there is.
        since: from when on there is no data; None if there is, or if it has never reported.
        lag_s: how long after its sample time the newest reading arrived; None unless the reason is `late`.
    """

    has_data: bool
    reason: NoDataReason | None = None
    since: datetime | None = None
    lag_s: float | None = None

    @classmethod
    def at(
        cls, now: datetime, no_data_from: datetime | None, reason: NoDataReason, lag_s: float | None = None
    ) -> "Monitoring":
        """Return the monitoring at a moment.

        Args:
            now: the moment.
            no_data_from: from when on there is no data if no more arrives; None if nothing has ever arrived.
            reason: why there is no data from then on.
            lag_s: for the reason `late`.
        """
        if no_data_from is None:
            return NEVER_REPORTED
        if reason is NoDataReason.SILENT and now <= no_data_from:
            return cls(has_data=True)
        return cls(has_data=False, reason=reason, since=no_data_from, lag_s=lag_s)


NEVER_REPORTED = Monitoring(has_data=False, reason=NoDataReason.NEVER_REPORTED)
