"""What may be water and is not proven is reported, and settled by readings or by a person who looks."""

import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.doubt import DoubtAnswer, DoubtAnswerKind, DoubtOutcome
from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import SiteNotice, SiteNoticeKind, WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from tests.support.gauge_play import reading, site, steady

WORLD = "drill"
ROAD = replace(site("A", "G1", world=WORLD), site_type=SiteType.ROAD)
BOX = [*steady(0, range(30)), *steady(600, range(30, 50))]
"""A box of 600 mm under the gauge, which a person must look at: the depth would be red."""

Found = tuple[list[WarningMessage], list[SiteNotice]]


def evaluator_of(one: Site = ROAD, record: SiteRecord | None = None) -> Evaluator:
    evaluator = Evaluator()
    evaluator.set_sites({one.site_id: one})
    if record is not None:
        evaluator.restore({one.site_id: SiteRecord.from_json(json.loads(json.dumps(record.to_json())))})
    return evaluator


def play(evaluator: Evaluator, readings: Sequence[WaterReading]) -> Found:
    found = [one for each in readings for one in evaluator.process_and_commit(each, each.time)]
    return [one.message for one in found if one.message], [one.notice for one in found if one.notice]


def answer(doubt_id: str, kind: DoubtAnswerKind) -> DoubtAnswer:
    return DoubtAnswer("A", WORLD, doubt_id, kind, "巡查二组")


def settled(evaluator: Evaluator, doubt_id: str, kind: DoubtAnswerKind) -> Found:
    found = evaluator.settle(answer(doubt_id, kind))
    assert found is not None
    evaluator.commit(found)
    return [found.message] if found.message else [], [found.notice] if found.notice else []


def test_a_jump_that_stands_is_reported_as_doubtful_once_and_settled_when_it_falls_back() -> None:
    evaluator = evaluator_of()
    messages, (begun, ended) = play(evaluator, [*BOX, *steady(0, range(50, 60))])

    assert messages == []
    assert (begun.kind, begun.level, begun.doubt and begun.doubt.depth_mm) == (SiteNoticeKind.DOUBTFUL, Level.RED, 600)
    assert begun.doubt
    assert ended.doubt
    assert ended.doubt.outcome is DoubtOutcome.FELL_BACK
    assert ended.doubt.references == ((begun.doubt.identifier, begun.issued_at),)
    assert evaluator.doubts() == []


def test_a_person_who_sees_water_makes_a_warning_at_once_and_its_grounds_name_the_person() -> None:
    evaluator = evaluator_of()
    _, (begun,) = play(evaluator, BOX)
    assert begun.doubt is not None
    (warned,), (ended,) = settled(evaluator, begun.doubt.doubt_id, DoubtAnswerKind.CONFIRM)

    assert (warned.level, warned.certainty.value, warned.grounds.confirmed_by) == (Level.RED, "Observed", "巡查二组")
    assert ended.doubt
    assert (ended.doubt.outcome, ended.doubt.settled_by) == (DoubtOutcome.CONFIRMED, "巡查二组")
    assert play(evaluator, steady(605, range(50, 80))) == ([], [])


def test_a_person_who_sees_no_water_settles_it_and_the_same_thing_is_not_reported_again() -> None:
    evaluator = evaluator_of()
    _, (begun,) = play(evaluator, BOX)
    assert begun.doubt is not None
    messages, (ended,) = settled(evaluator, begun.doubt.doubt_id, DoubtAnswerKind.DENY)
    later, notices = play(evaluator, steady(605, range(50, 1490)))

    assert (messages, later) == ([], [])
    assert ended.doubt
    assert ended.doubt.outcome is DoubtOutcome.DENIED
    assert [one.kind for one in notices] == [SiteNoticeKind.MONITORING_LOST], "while the thing stands it sees no water"


def test_water_that_rises_above_a_thing_that_a_person_saw_is_a_warning_still() -> None:
    evaluator = evaluator_of()
    _, (begun,) = play(evaluator, BOX)
    assert begun.doubt is not None
    settled(evaluator, begun.doubt.doubt_id, DoubtAnswerKind.DENY)
    rise = [reading(50 + minute, 600 + 70 * minute) for minute in range(15)]
    messages, notices = play(evaluator, [*rise, *steady(1650, range(65, 90))])

    assert messages or any(one.kind is SiteNoticeKind.DOUBTFUL for one in notices)


def test_the_gauge_is_sound_again_once_the_thing_is_gone() -> None:
    evaluator = evaluator_of()
    _, (begun,) = play(evaluator, BOX)
    assert begun.doubt is not None
    settled(evaluator, begun.doubt.doubt_id, DoubtAnswerKind.DENY)
    play(evaluator, steady(0, range(50, 60)))
    flood = [reading(60 + minute, 40 * minute) for minute in range(15)]
    messages, _ = play(evaluator, flood)

    assert messages
    assert messages[0].message_type.value == "Alert"


def test_an_answer_to_another_doubt_or_to_one_that_is_settled_changes_nothing() -> None:
    evaluator = evaluator_of()
    _, (begun,) = play(evaluator, BOX)
    assert begun.doubt is not None

    assert evaluator.settle(answer("another", DoubtAnswerKind.CONFIRM)) is None
    assert evaluator.settle(replace(answer(begun.doubt.doubt_id, DoubtAnswerKind.CONFIRM), world="actual")) is None
    settled(evaluator, begun.doubt.doubt_id, DoubtAnswerKind.CONFIRM)
    assert evaluator.settle(answer(begun.doubt.doubt_id, DoubtAnswerKind.DENY)) is None


def test_a_gauge_that_no_longer_serves_the_site_leaves_no_doubt_open_and_counts_as_no_false_one() -> None:
    evaluator = evaluator_of(replace(ROAD, depth_gauge_ids=("G1", "G2"), sensors=()))
    play(evaluator, BOX)
    evaluator.set_sites({"A": replace(ROAD, depth_gauge_ids=("G2",), sensors=())})
    _, (ended,) = play(evaluator, steady(0, [51], "G2"))

    assert ended.doubt
    assert ended.doubt.outcome is DoubtOutcome.UNBOUND
    assert evaluator.record("A").state.false_doubts == 0


_DEPTHS_MM = st.sampled_from([0.0, 0.0, 100.0, 300.0, 600.0, 603.0, 1500.0])
_STRETCHES = st.lists(st.tuples(_DEPTHS_MM, st.integers(1, 30), st.sampled_from([1.0, 5.0, 60.0])), max_size=8)


@st.composite
def stretches(draw: st.DrawFn) -> list[WaterReading]:
    """Depths that stand for a while, at steps of minutes to an hour, so that monitoring is lost and doubt arises."""
    minute, found = 0.0, list[WaterReading]()
    for depth_mm, samples, step in draw(_STRETCHES):
        for _ in range(samples):
            minute += step
            found.append(reading(minute, depth_mm))
    return found


@given(stretches(), st.sampled_from([SiteType.ROAD, SiteType.UNDERPASS, SiteType.CHARGING_STATION]))
def test_monitoring_is_never_restored_while_something_is_held_back(
    readings: list[WaterReading], site_type: SiteType
) -> None:
    evaluator = evaluator_of(replace(ROAD, site_type=site_type))
    for each in readings:
        for one in evaluator.process(each, each.time):
            evaluator.commit(one)
            if one.notice and one.notice.kind is SiteNoticeKind.MONITORING_RESTORED:
                state = one.record.state
                assert state.doubt is None
                assert all(gauge.pending_jump is None for gauge in state.gauges.values())


@given(stretches(), st.integers(0, 200), st.sampled_from([None, *DoubtAnswerKind]))
def test_a_restart_changes_no_notice_of_doubt_and_each_is_settled_once(
    readings: list[WaterReading], cut: int, kind: DoubtAnswerKind | None
) -> None:
    def notices(restarts: bool) -> list[SiteNotice]:
        evaluator, found = evaluator_of(), list[SiteNotice]()
        for number, each in enumerate(readings):
            if restarts and number == cut:
                evaluator = evaluator_of(record=evaluator.record("A"))
            found += play(evaluator, [each])[1]
            doubt = evaluator.record("A").state.doubt
            if doubt and kind and number % 7 == 0:
                found += settled(evaluator, doubt.doubt_id, kind)[1]
        return [one for one in found if one.doubt is not None]

    found = notices(restarts=False)
    assert notices(restarts=True) == found
    identifiers = [one.doubt.identifier for one in found if one.doubt]
    assert len(set(identifiers)) == len(identifiers)
    ends = [one.doubt.doubt_id for one in found if one.doubt and one.doubt.outcome]
    begins = [one.doubt.doubt_id for one in found if one.doubt and one.doubt.sequence == 1]
    assert ends == begins[: len(ends)]
