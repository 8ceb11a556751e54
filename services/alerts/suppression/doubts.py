"""Notices of doubt, site by site: which of them are published. Deterministic: no I/O, no clock.

The rules, in order:

1. A silence or maintenance of the site up to the level of the doubt suppresses it until it ends.
2. Otherwise it is published at once, also in an alarm flood and beside red warnings of its region: it is about a place
   of which nothing else is known.
3. The end is published if the doubt was (`never_notified` if not).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rencheng.cap.doubt import doubt_certainty, render_doubt
from rencheng.domain.doubt import DoubtOutcome, DoubtReport
from rencheng.domain.level import Level
from rencheng.domain.notice import DoubtContent, Notice, NoticeKind
from rencheng.domain.site import Site
from rencheng.domain.suppression import SuppressionReason, reason_of
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.text.monitoring import monitoring_text
from rencheng.text.publisher import Publisher
from services.alerts.suppression.policy import SuppressionPolicy


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A doubt that nothing has settled.

    Attributes:
        notice: the newest notice about it.
        published: the last notice that was published; None if none was.
        suppressed_by: why it is not published; None if it is, or was not looked at yet.
    """

    notice: SiteNotice
    published: SiteNotice | None = None
    suppressed_by: SuppressionReason | None = None


class DoubtNotices:
    """The sites with a doubt, at most one entry a site.

    Args:
        publisher: who issues the messages.
        on_suppressed: called with the reason when a notice is suppressed.
    """

    def __init__(
        self, publisher: Publisher, on_suppressed: Callable[[SuppressionReason], None] = lambda _reason: None
    ) -> None:
        self._publisher = publisher
        self._on_suppressed = on_suppressed
        self._sites: Mapping[str, Site] = {}
        self._open: dict[str, _Doubt] = {}
        self._settled: list[SiteNotice] = []

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Take over a new list of sites; forget those that are gone or in another world."""
        self._sites = sites
        self._open = {name: doubt for name, doubt in self._open.items() if self._is_known(doubt.notice)}
        self._settled = [notice for notice in self._settled if self._is_known(notice)]

    def restore(self, current: Iterable[SiteNotice], published: Iterable[Mapping[Any, Any]]) -> None:
        """Go on after a restart. A doubt that was published and settled, and whose end was not published, ends now.

        Args:
            current: the doubts in force.
            published: the notices that were published and are in force.
        """
        known = {row["topic"]: row for row in published}
        for notice in current:
            row = known.pop(notice.site_id, None)
            before = row["doubt"]["identifier"] if row else None
            is_published = notice.doubt is not None and notice.doubt.identifier == before
            self._open[notice.site_id] = _Doubt(notice, notice if is_published else None)
        self._settled += [_ended(row) for site_id, row in known.items() if site_id in self._sites]

    def add(self, notice: SiteNotice) -> None:
        """Take in a notice of the engine."""
        known = self._open.get(notice.site_id)
        if notice.kind is SiteNoticeKind.DOUBTFUL:
            self._open[notice.site_id] = replace(known, notice=notice) if known else _Doubt(notice)
        elif known is not None:
            del self._open[notice.site_id]
            if known.published is not None:
                self._settled.append(notice)
            else:
                self._on_suppressed(SuppressionReason.NEVER_NOTIFIED)

    def is_open(self, site_id: str) -> bool:
        """Return whether a site has a doubt that nothing has settled."""
        return site_id in self._open

    def tick(self, policy: SuppressionPolicy, world: str, at: datetime) -> list[Notice]:
        """Return the notices of a world that are due.

        Args:
            policy: knows the silences and maintenance windows.
            world: the world.
            at: its time.
        """
        settled = [notice for notice in self._settled if notice.world == world]
        self._settled = [notice for notice in self._settled if notice.world != world]
        begun = [
            doubt.notice
            for doubt in list(self._open.values())
            if doubt.notice.world == world and self._is_due(policy, doubt, at)
        ]
        return [found for notice in (*settled, *begun) if (found := self._notice(notice))]

    def _is_due(self, policy: SuppressionPolicy, doubt: _Doubt, at: datetime) -> bool:
        """Return whether a doubt is published now; remember that, or why not."""
        if doubt.published == doubt.notice:
            return False
        up_to, name = policy.mute_of(self._sites[doubt.notice.site_id], at)
        is_muted = name != SuppressionReason.INHIBITED and doubt.notice.level <= up_to
        why = reason_of(name) if is_muted else None
        self._open[doubt.notice.site_id] = replace(
            doubt, suppressed_by=why, published=doubt.published if why else doubt.notice
        )
        if why and why is not doubt.suppressed_by:
            self._on_suppressed(why)
        return why is None

    def _notice(self, notice: SiteNotice) -> Notice | None:
        report, site = notice.doubt, self._sites[notice.site_id]
        if report is None:
            return None
        zh, en = monitoring_text(notice, site)
        is_open = notice.kind is SiteNoticeKind.DOUBTFUL
        cap_xml = render_doubt(notice, report, site, self._publisher)
        return Notice(
            notice.world,
            NoticeKind.DOUBTFUL,
            notice.site_id,
            notice.issued_at,
            is_open,
            notice.level if is_open else Level.NONE,
            (notice.site_id,),
            is_open,
            zh,
            en,
            DoubtContent(report, notice.level, doubt_certainty(report), site.verify_by, cap_xml),
        )

    def _is_known(self, notice: SiteNotice) -> bool:
        site = self._sites.get(notice.site_id)
        return site is not None and site.world == notice.world


def _ended(row: Mapping[Any, Any]) -> SiteNotice:
    """Return the end of a doubt that was settled before a restart."""
    known, level = row["doubt"], Level(row["level"])
    report = DoubtReport(
        doubt_id=known["doubt_id"],
        sequence=known["sequence"] + 1,
        device_id=known["device_id"],
        gauge_depth_mm=known["gauge_depth_mm"],
        depth_mm=known["depth_mm"],
        threshold_mm=known["threshold_mm"],
        references=((known["identifier"], row["issued_at"]),),
        outcome=DoubtOutcome.ENDED,
    )
    kind = SiteNoticeKind.DOUBT_SETTLED
    return SiteNotice(kind, row["topic"], row["world"], row["issued_at"], level, (), doubt=report)
