"""Many messages: of 10,000 valid ones all are accepted, of 200 broken ones all are refused, each with a reason."""

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings

from rencheng.cap.render import render
from rencheng.cap.validation import violations
from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from rencheng.text.sentences import compose
from tests.cap.test_rules import BREAKS, GOOD
from tests.support.cap_messages import PUBLISHER, schema_accepts_it, warnings


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(warnings())
def test_every_message_of_ten_thousand_is_valid(made: tuple[WarningMessage, Site]) -> None:
    xml = render(compose(*made, PUBLISHER))

    assert schema_accepts_it(xml)
    assert violations(xml) == []


def test_two_hundred_broken_messages_are_refused_with_a_reason_each() -> None:
    broken = {change(GOOD): name for name, change, _ in BREAKS}
    broken |= {GOOD[: len(GOOD) * part // 40]: "cut short" for part in range(40)}
    for (name, change, _), (other, further, _) in combinations(BREAKS, 2):
        if len(broken) < 250:
            broken[further(change(GOOD))] = f"{name} and {other}"
    broken.pop(GOOD, None)
    reasons = {xml: violations(xml) for xml in broken}

    assert len(broken) >= 200
    assert [broken[xml] for xml, found in reasons.items() if not found] == []
    assert all(len(finding) > 10 for found in reasons.values() for finding in found)
