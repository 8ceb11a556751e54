"""The rain of the next minutes at a site, as members of an ensemble."""

from datetime import datetime, timedelta
from typing import NamedTuple

NOWCAST_LIVES = timedelta(minutes=30)
"""An older nowcast is not used: radar extrapolation is issued every five to ten minutes. Proposal."""

Amounts = tuple[tuple[float, float], ...]
"""How far ahead (s), and the rain until then (mm), in order of time."""


class Nowcast(NamedTuple):
    """A nowcast: when it was issued (s of the epoch), its source, and its members with their shares of sum 1."""

    issued_s: float = 0.0
    source: str = ""
    members: tuple[tuple[float, Amounts], ...] = ()

    def ahead(self, now_s: float) -> list[tuple[float, Amounts]]:
        """Return the members as seen from a later moment: what is past by then has fallen, or has not."""
        passed_s = max(0.0, now_s - self.issued_s)
        found: list[tuple[float, Amounts]] = []
        for share, amounts in self.members:
            before_mm = until(amounts, passed_s)
            left = tuple((at_s - passed_s, mm - before_mm) for at_s, mm in amounts if at_s > passed_s)
            found.append((share, left))
        return found


NO_NOWCAST = Nowcast()


class SiteNowcast(NamedTuple):
    """A nowcast of one site, and when it was issued."""

    site_id: str
    issued_at: datetime
    nowcast: Nowcast


def until(amounts: Amounts, ahead_s: float) -> float:
    """Return the rain until a moment ahead, between the amounts in proportion."""
    begin_s, begin_mm = 0.0, 0.0
    for end_s, end_mm in amounts:
        if ahead_s <= begin_s:
            return begin_mm
        if ahead_s <= end_s:
            return begin_mm + (end_mm - begin_mm) * (ahead_s - begin_s) / (end_s - begin_s)
        begin_s, begin_mm = end_s, end_mm
    return begin_mm
