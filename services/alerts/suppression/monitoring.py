"""Losses of monitoring, site by site: which of them are published. Deterministic: no I/O, no clock.

The rules, in order:

1. A loss waits until the city-wide no-data alarm has had time to come first. A site that is restored meanwhile is
   never mentioned.
2. In an alarm flood the city-wide alarm stands for the loss (`inhibited`), and the loss is not published.
3. A silence or maintenance of the site up to the level of the loss suppresses it until it ends.
4. Otherwise the loss is published, and again when the cause at one of its gauges changes.
5. The restoration is published if the loss was (`never_notified` if not), and never while something is doubtful.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.notice import Notice, NoticeKind
from rencheng.domain.site import Site
from rencheng.domain.suppression import SuppressionReason, reason_of
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.text.monitoring import monitoring_text
from services.alerts.suppression.no_data import SETTLES
from services.alerts.suppression.policy import SuppressionPolicy

WAIT = SETTLES + timedelta(seconds=30)
"""The wait of rule 1: the alarm settles, and is looked at every ten seconds."""

LATE_WAIT = timedelta(seconds=15)
"""The same if readings arrive too late: the engine has waited a minute already, in which the alarm settles."""

OnSuppressed = Callable[[SuppressionReason], None]


@dataclass(frozen=True, slots=True)
class _Loss:
    """A site without monitoring.

    Attributes:
        notice: the newest notice about it.
        since: when it was lost.
        published: the last notice that was published; None if none was.
        suppressed_by: why it is not published; None if it is, or waits.
    """

    notice: SiteNotice
    since: datetime
    published: SiteNotice | None = None
    suppressed_by: SuppressionReason | None = None


class MonitoringNotices:
    """The sites whose monitoring is lost, at most one entry a site.

    Args:
        on_suppressed: called with the reason when a notice is suppressed.
    """

    def __init__(self, on_suppressed: OnSuppressed = lambda _reason: None) -> None:
        self._on_suppressed = on_suppressed
        self._sites: Mapping[str, Site] = {}
        self._losses: dict[str, _Loss] = {}
        self._restored: dict[str, SiteNotice] = {}

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Take over a new list of sites; forget those that are gone or in another world."""
        self._sites = sites
        self._losses = {name: loss for name, loss in self._losses.items() if _is_of(sites, name, loss.notice)}
        self._restored = {name: notice for name, notice in self._restored.items() if _is_of(sites, name, notice)}

    def restore(self, current: Iterable[SiteNotice], published: Iterable[str]) -> None:
        """Go on after a restart.

        Args:
            current: the state of every site that is lost, or whose loss was published.
            published: the sites whose loss was published and has not ended.
        """
        known = set(published)
        for notice in current:
            if notice.kind is SiteNoticeKind.MONITORING_LOST:
                is_known = notice.site_id in known
                self._losses[notice.site_id] = _Loss(notice, notice.issued_at, notice if is_known else None)
            elif notice.site_id in known:
                self._restored[notice.site_id] = notice

    def add(self, notice: SiteNotice) -> None:
        """Take in a notice of the engine."""
        loss = self._losses.get(notice.site_id)
        if notice.kind is SiteNoticeKind.MONITORING_LOST:
            self._losses[notice.site_id] = replace(loss, notice=notice) if loss else _Loss(notice, notice.issued_at)
            self._restored.pop(notice.site_id, None)
        elif loss is not None:
            del self._losses[notice.site_id]
            if loss.published:
                self._restored[notice.site_id] = notice
            else:
                self._on_suppressed(SuppressionReason.NEVER_NOTIFIED)

    def tick(
        self,
        policy: SuppressionPolicy,
        world: str,
        at: datetime,
        *,
        is_flood: bool,
        is_doubtful: Callable[[str], bool] = lambda _site_id: False,
    ) -> list[Notice]:
        """Return the notices of a world that are due.

        Args:
            policy: knows the silences and maintenance windows.
            world: the world.
            at: its time.
            is_flood: whether the city-wide no-data alarm stands for the sites that were lost lately.
            is_doubtful: returns whether a site has a doubt; while it has, it is not reported restored.
        """
        restored = [
            notice for notice in self._restored.values() if notice.world == world and not is_doubtful(notice.site_id)
        ]
        for notice in restored:
            del self._restored[notice.site_id]
        lost = [
            self._losses[site_id].notice
            for site_id, loss in list(self._losses.items())
            if loss.notice.world == world and self._is_due(policy, loss, at, is_flood=is_flood)
        ]
        return [self._notice(notice) for notice in (*restored, *lost)]

    def _is_due(self, policy: SuppressionPolicy, loss: _Loss, at: datetime, *, is_flood: bool) -> bool:
        """Return whether a loss is published now; remember that, or why not."""
        is_settled = loss.published is not None or at - loss.since >= _wait(loss.notice)
        if not is_settled or loss.published == loss.notice or loss.suppressed_by is SuppressionReason.INHIBITED:
            return False
        why = self._suppressed_by(policy, loss, at, is_flood=is_flood)
        self._losses[loss.notice.site_id] = replace(
            loss, suppressed_by=why, published=loss.published if why else loss.notice
        )
        if why and why is not loss.suppressed_by:
            self._on_suppressed(why)
        return why is None

    def _suppressed_by(
        self, policy: SuppressionPolicy, loss: _Loss, at: datetime, *, is_flood: bool
    ) -> SuppressionReason | None:
        if is_flood and loss.published is None and loss.notice.world == ACTUAL:
            return SuppressionReason.INHIBITED
        up_to, name = policy.mute_of(self._sites[loss.notice.site_id], at)
        return reason_of(name) if loss.notice.level <= up_to else None

    def _notice(self, notice: SiteNotice) -> Notice:
        zh, en = monitoring_text(notice, self._sites[notice.site_id])
        is_lost = notice.kind is SiteNoticeKind.MONITORING_LOST
        level = notice.level if is_lost else Level.NONE
        return Notice(
            notice.world,
            NoticeKind.MONITORING,
            notice.site_id,
            notice.issued_at,
            is_lost,
            level,
            (notice.site_id,),
            level >= Level.YELLOW,
            zh,
            en,
        )


def _is_of(sites: Mapping[str, Site], site_id: str, notice: SiteNotice) -> bool:
    site = sites.get(site_id)
    return site is not None and site.world == notice.world


def _wait(notice: SiteNotice) -> timedelta:
    return LATE_WAIT if notice.lags_s else WAIT
