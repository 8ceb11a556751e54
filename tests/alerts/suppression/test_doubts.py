"""Which notices of doubt are published: at once and also in a storm, unless the site is muted."""

from dataclasses import replace
from datetime import timedelta

from rencheng.domain.doubt import DoubtOutcome
from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.domain.notice import Notice
from rencheng.domain.site import Site
from rencheng.domain.suppression import SuppressionReason
from rencheng.domain.warning import SiteNotice
from rencheng.messages.notice_json import notice_document, notice_topic
from services.alerts.suppression.doubts import DoubtNotices
from tests.alerts.suppression.city import City, at, place
from tests.support.cap_messages import PUBLISHER
from tests.support.doubts import doubtful, settled

SITE: Site = replace(place("A"), verify_by="12号摄像头")
BEGUN = doubtful(SITE, at=at(0), level=Level.BLUE)
GRAVER = replace(BEGUN, level=Level.RED)


class Doubts:
    """Notices of the engine, and what is published of them."""

    def __init__(self) -> None:
        self.city = City(SITE, place("B"))
        self.suppressed: list[SuppressionReason] = []
        self.notices = self.new_notices()

    def new_notices(self) -> DoubtNotices:
        notices = DoubtNotices(PUBLISHER, self.suppressed.append)
        notices.set_sites(self.city.policy.sites)
        return notices

    def published(self, minute: float, *added: SiteNotice) -> list[Notice]:
        for notice in added:
            self.notices.add(notice)
        return self.notices.tick(self.city.policy, "actual", at(minute))

    def states(self, minute: float, *added: SiteNotice) -> list[tuple[bool, Level]]:
        return [(notice.in_force, notice.level) for notice in self.published(minute, *added)]


def test_a_doubt_is_published_once_again_when_it_becomes_graver_and_when_it_is_settled() -> None:
    doubts = Doubts()

    assert doubts.states(0, BEGUN) == [(True, Level.BLUE)]
    assert doubts.states(1) == []
    assert doubts.states(2, GRAVER) == [(True, Level.RED)]
    assert doubts.states(3, settled(GRAVER)) == [(False, Level.NONE)]
    assert doubts.states(4) == []
    assert doubts.suppressed == []


def test_a_notice_names_gauge_depths_certainty_and_who_can_look_on_a_topic_of_its_own() -> None:
    [notice] = Doubts().published(0, GRAVER)
    document = notice_document(notice)

    assert notice_topic(notice) == "rencheng/v1/notice/doubtful/actual/A"
    assert document["urgent"]
    assert document["doubt"] is not None
    assert (document["doubt"]["level"], document["doubt"]["certainty"]) == ("red", "Possible")
    assert (document["doubt"]["gauge_depth_mm"], document["doubt"]["depth_mm"]) == (620, 640)
    assert "读数突升至62厘米（最低处约64厘米）" in notice.zh
    assert "请立即现场核实或调看视频（12号摄像头）" in notice.zh
    assert "62 cm (about 64 cm at the lowest point)" in notice.en
    assert "not proven" in notice.en


def test_a_silence_holds_a_doubt_back_up_to_its_level_and_lets_it_go_when_it_ends() -> None:
    doubts = Doubts()
    ends = at(30)
    doubts.city.policy.mutes = [Silence("silence-1", MuteScope(site_id="A"), Level.YELLOW, at(-1), ends, "x")]

    assert doubts.states(0, BEGUN) == []
    assert doubts.states(1) == []
    assert doubts.suppressed == [SuppressionReason.SILENCE]
    assert doubts.states(2, GRAVER) == [(True, Level.RED)]
    assert doubts.states(3, settled(GRAVER)) == [(False, Level.NONE)]


def test_a_doubt_that_ends_while_it_is_muted_is_never_mentioned() -> None:
    doubts = Doubts()
    doubts.city.policy.mutes = [Silence("silence-1", MuteScope(site_id="A"), Level.RED, at(-1), at(30), "x")]

    assert doubts.states(0, BEGUN) == []
    assert doubts.states(40, settled(BEGUN)) == []
    assert doubts.suppressed == [SuppressionReason.SILENCE, SuppressionReason.NEVER_NOTIFIED]


def test_a_doubt_is_published_beside_a_red_warning_of_its_region() -> None:
    doubts = Doubts()
    doubts.city.change("B", Level.RED, 0)

    assert doubts.states(1, BEGUN) == [(True, Level.BLUE)]


def test_after_a_restart_nothing_is_repeated_and_an_end_that_was_missed_is_published() -> None:
    first = Doubts()
    [notice] = first.published(0, BEGUN)
    assert notice.doubt is not None
    document = notice_document(notice)
    row = {"topic": "A", "world": "actual", "level": 1, "issued_at": at(0), "doubt": document["doubt"]}

    again = Doubts()
    again.notices.restore([BEGUN], [row])
    assert again.states(1) == []
    assert again.notices.is_open("A")

    graver = Doubts()
    graver.notices.restore([replace(GRAVER, doubt=replace(BEGUN.doubt, sequence=2))] if BEGUN.doubt else [], [row])
    assert graver.states(1) == [(True, Level.RED)]

    missed = Doubts()
    missed.notices.restore([], [row])
    [ended] = missed.published(1)
    assert ended.doubt is not None
    assert (ended.in_force, ended.doubt.report.outcome) == (False, DoubtOutcome.ENDED)
    assert timedelta(0) <= ended.at - notice.at
