"""Whether a site or a gauge has data, as the API shows it."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from rencheng.domain.no_data import Monitoring, NoDataReason
from services.api.http.models import ApiModel, example, local

MONITORING = {"state": "ok", "reason": None, "since": None}
"""The example of a site with data."""


class MonitoringState(ApiModel):
    """Whether there is data, by the rule of the warning engine 监测状态. Never show a site without data as dry.

    A gauge is silent after five of its reporting intervals, but not within 15 minutes, and always after 3 hours. In
    rain it is after three intervals, not within 5 minutes, and always after 1 hour. A gauge is late while its newest
    reading arrived more than half an hour after its sample time: the engine does not evaluate it.
    """

    model_config = example(**MONITORING)

    state: Literal["ok", "no_data"]
    reason: NoDataReason | None
    """Why there is no data; null if there is. never_reported also stands for a site not evaluated yet."""
    lag_s: float | None = Field(None, exclude_if=lambda lag_s: lag_s is None)
    """Only with the reason late: how long after its sample time the newest reading arrived."""
    since: datetime | None
    """From when on there is no data; null if there is, or if it has never reported."""


def present_monitoring(monitoring: Monitoring, zone: ZoneInfo) -> MonitoringState:
    """Return the monitoring of a site or gauge for a response."""
    return MonitoringState(
        state="ok" if monitoring.has_data else "no_data",
        reason=monitoring.reason,
        lag_s=monitoring.lag_s,
        since=local(monitoring.since, zone) if monitoring.since else None,
    )
