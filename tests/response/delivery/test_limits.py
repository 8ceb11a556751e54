"""In no window more than a provider allows; red waits for the last free place only; every place is in some text."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import ContactKind, DeliveryMode
from rencheng.response.delivery.limits import LIMITS, free_at
from rencheng.response.delivery.lines import decide
from tests.response.delivery.test_lines import method, row

AT = datetime(2026, 7, 20, tzinfo=UTC)
STEPS = st.lists(st.tuples(st.floats(0, 400), st.sampled_from([Level.BLUE, Level.RED])), max_size=60)


@given(st.sampled_from(sorted(LIMITS)), STEPS)
def test_no_window_has_more_than_is_allowed(kind: ContactKind, steps: list[tuple[float, Level]]) -> None:
    now, sends = AT, list[datetime]()
    for step_s, level in steps:
        now += timedelta(seconds=step_s)
        if free_at(kind, level, sends, now) <= now:
            sends.append(now)
    for limit in LIMITS[kind]:
        for begin in sends:
            within = [at for at in sends if begin <= at < begin + timedelta(seconds=limit.per_s)]
            assert len(within) <= limit.count


def test_of_300_places_and_one_bot_every_place_is_sent_in_a_minute_and_the_first_at_once() -> None:
    rows = {one.dispatch_id: one for one in (row(1, Level.RED, line=f"w{number}") for number in range(300))}
    now, sends, sent = AT, list[datetime](), set[object]()
    bot = method(DeliveryMode.LATEST, ContactKind.WECOM_BOT)
    while rows and now < AT + timedelta(seconds=70):
        for bundle in decide(bot, list(rows.values()), sends, now).bundles:
            sends.append(now)
            for leaving in bundle:
                sent.add(leaving.dispatch_id)
                del rows[leaving.dispatch_id]
        now += timedelta(seconds=0.5)
    assert sends[0] == AT
    assert len(sent) == 300
    assert len(sends) <= 20
