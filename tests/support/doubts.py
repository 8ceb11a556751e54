"""Notices of doubt as the alert service publishes them."""

from dataclasses import replace
from datetime import UTC, datetime

from rencheng.domain.device import ACTUAL
from rencheng.domain.doubt import DoubtOutcome, DoubtReport
from rencheng.domain.level import Level
from rencheng.domain.notice import Notice
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from services.alerts.suppression.doubts import DoubtNotices
from services.alerts.suppression.policy import SuppressionPolicy
from tests.support.cap_messages import PUBLISHER


def doubtful(site: Site, *, level: Level = Level.RED, at: datetime | None = None, number: int = 1) -> SiteNotice:
    """Return the first notice of a doubt at a site."""
    issued_at = (at or datetime.now(UTC)).replace(microsecond=0)
    report = DoubtReport(f"{site.site_id}-doubt-{number}", 1, "g3", 620.0, 640.0, 400.0)
    return SiteNotice(SiteNoticeKind.DOUBTFUL, site.site_id, site.world, issued_at, level, (), doubt=report)


def settled(notice: SiteNotice, outcome: DoubtOutcome = DoubtOutcome.FELL_BACK) -> SiteNotice:
    """Return the last notice of the same doubt."""
    assert notice.doubt is not None
    references = ((notice.doubt.identifier, notice.issued_at),)
    report = replace(notice.doubt, sequence=2, references=references, outcome=outcome)
    return replace(notice, kind=SiteNoticeKind.DOUBT_SETTLED, doubt=report)


def published(site: Site, *notices: SiteNotice, world: str = ACTUAL) -> list[Notice]:
    """Return what the alert service publishes of some notices."""
    doubts, found = DoubtNotices(PUBLISHER), list[Notice]()
    doubts.set_sites({site.site_id: site})
    for notice in notices:
        doubts.add(notice)
        found += doubts.tick(SuppressionPolicy(), world, notice.issued_at)
    return found
