"""A notice of doubt is a valid CAP message of its own, and asks for no action but to look."""

from datetime import timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from rencheng.cap import xml
from rencheng.cap.doubt import render_doubt
from rencheng.cap.validation import recommendations, violations
from rencheng.domain.doubt import DoubtOutcome, DoubtReport
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.text.monitoring import monitoring_text
from tests.support.cap_messages import PUBLISHER, schema_accepts_it, warnings

_DEPTHS_MM = st.floats(50, 5000)


@st.composite
def doubts(draw: st.DrawFn) -> tuple[SiteNotice, DoubtReport, Site]:
    message, site = draw(warnings())
    outcome = draw(st.sampled_from([None, *DoubtOutcome]))
    sequence = draw(st.integers(2 if outcome else 1, 4))
    earlier = [
        (f"{message.warning_id}-{n}", message.issued_at - timedelta(minutes=sequence - n)) for n in range(1, sequence)
    ]
    report = DoubtReport(
        message.warning_id,
        sequence,
        message.grounds.device_id,
        draw(_DEPTHS_MM),
        draw(_DEPTHS_MM),
        50.0,
        tuple(earlier),
        outcome,
        draw(st.sampled_from(["", "巡查二组", "A<b> & C"])),
    )
    kind = SiteNoticeKind.DOUBT_SETTLED if outcome else SiteNoticeKind.DOUBTFUL
    level = draw(st.sampled_from(WARNING_LEVELS))
    return SiteNotice(kind, site.site_id, site.world, message.issued_at, level, (), doubt=report), report, site


@given(doubts())
def test_every_notice_is_valid_by_schema_and_rules_and_asks_only_to_look(
    made: tuple[SiteNotice, DoubtReport, Site],
) -> None:
    notice, report, site = made
    written = render_doubt(notice, report, site, PUBLISHER)
    alert = ET.fromstring(written)  # noqa: S314 - written a line above

    assert schema_accepts_it(written)
    assert violations(written) == []
    assert recommendations(written) == []
    assert xml.text(alert, "scope") == "Restricted"
    kinds = {"Cancel"} if report.outcome else {"Update"} if report.references else {"Alert"}
    assert {xml.text(alert, "msgType")} == kinds
    for _, info in xml.infos(alert):
        assert set(xml.texts(info, "responseType")) <= {"Assess", "Monitor", "None"}
        assert (xml.text(info, "certainty") == "Possible") == (report.outcome is None)
        assert "cn:warningColor" not in dict(xml.pairs(info, "parameter"))
        assert not xml.pairs(info, "eventCode")


@given(doubts())
def test_both_texts_say_to_look_only_while_the_doubt_lasts(made: tuple[SiteNotice, DoubtReport, Site]) -> None:
    notice, report, site = made
    chinese, english = monitoring_text(notice, site)

    assert ("请立即现场核实" in chinese) == (report.outcome is None)
    assert ("not proven" in english and "Check now" in english) == (report.outcome is None)
