"""For what share of the time a site could be judged: a gauge without a fault had reported recently enough."""

from datetime import datetime
from typing import NamedTuple

from rencheng.engine.staleness import no_data
from rencheng.engine.state import SiteState

MONTH_S = 365.25 / 12 * 86_400


class _Latest(NamedTuple):
    """The newest reading of a site, and until when the site has data if no more arrives."""

    at_s: float
    data_until_s: float


class JudgedTime:
    """The time with data of each site, from its first reading to the last reading of all."""

    def __init__(self) -> None:
        self._judged_s: dict[str, float] = {}
        self._begins_s: dict[str, float] = {}
        self._latest: dict[str, _Latest] = {}
        self._end_s = 0.0

    def note(self, site_id: str, state: SiteState, at: datetime) -> None:
        """Add the time since the site's last reading; `state` is the site's after the reading at `at`."""
        at_s = at.timestamp()
        self._end_s = max(self._end_s, at_s)
        before = self._latest.get(site_id)
        if before is None:
            self._begins_s[site_id], self._judged_s[site_id] = at_s, 0.0
        elif at_s > before.at_s:
            self._judged_s[site_id] += max(0.0, min(at_s, before.data_until_s) - before.at_s)
        from_s = no_data(state).from_s
        newest_s = at_s if before is None else max(at_s, before.at_s)
        self._latest[site_id] = _Latest(newest_s, at_s if from_s is None else from_s)

    def share(self, site_id: str | None = None) -> float | None:
        """Return the share of one site, or of all sites together; None without two readings."""
        sites = self._begins_s if site_id is None else self._begins_s.keys() & {site_id}
        judged_s = sum(self._judged_s[name] + self._since_latest_s(name) for name in sites)
        span_s = sum(self._end_s - self._begins_s[name] for name in sites)
        return judged_s / span_s if span_s > 0 else None

    def site_months(self) -> float:
        """Return how long the sites were watched, in all, in months of 30.44 days."""
        return sum(self._end_s - begins_s for begins_s in self._begins_s.values()) / MONTH_S

    def _since_latest_s(self, site_id: str) -> float:
        latest = self._latest[site_id]
        return max(0.0, min(self._end_s, latest.data_until_s) - latest.at_s)


def judged_text(share: float | None) -> str:
    """Return the share as a phrase for a report, such as "judged 93.4 % of the time"."""
    return "never judged" if share is None else f"judged {share:.1%} of the time".replace("%", " %")
