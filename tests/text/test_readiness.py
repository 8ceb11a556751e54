"""Sentences about water upstream and in the sewer."""

from dataclasses import replace

import pytest

from rencheng.domain.warning import ArmedBy
from rencheng.text.explanations import readiness_text
from tests.support.cap_messages import example_chain


@pytest.mark.parametrize(
    ("armed_by", "chinese", "english"),
    [
        (
            ArmedBy.OVERFLOW,
            "检查井（m1）冒水，该点位已进入戒备，预警门槛已降低。",
            " Water was coming out of a manhole (m1), which had put this site on heightened readiness.",
        ),
        (
            ArmedBy.SURCHARGE,
            "检查井水位（m1）显示管道已满流，该点位已进入戒备，预警门槛已降低。",
            " A full sewer (level in manhole m1) had put this site on heightened readiness.",
        ),
        (
            ArmedBy.UPSTREAM,
            "上游水位（m1）上涨，该点位已进入戒备，预警门槛已降低。",
            " A rise upstream (m1) had put this site on heightened readiness.",
        ),
    ],
)
def test_the_sentence_names_the_gauge_that_arms(armed_by: ArmedBy, chinese: str, english: str) -> None:
    grounds = replace(example_chain()[0].grounds, armed_by=armed_by, armed_by_source="m1", rapid_rises_nearby=None)

    assert (readiness_text(grounds, "zh"), readiness_text(grounds, "en")) == (chinese, english)
