"""Responses IV to I: proposed by a rule, declared by a person, and never ended by themselves."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.response.declarations.machine import (
    LAPSES_AFTER,
    RESPONSE_TABLE,
    DeclaredResponse,
    NumberDeclared,
    ProposalChanged,
    ProposalDeclined,
    ResponseEnded,
    ResponseInput,
    ResponseState,
    advance_response,
    may_propose_again,
)
from rencheng.response.declarations.rule import NumberRule, RegionRule, SitesAtLevel, regions_with, rule_of

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
NEW = DeclaredResponse("370100", "actual", NOW)
numbers = st.sampled_from([4, 3, 2, 1])
inputs: st.SearchStrategy[ResponseInput] = st.one_of(
    st.builds(ProposalChanged, st.none() | numbers),
    st.builds(NumberDeclared, st.just("ann"), numbers),
    st.builds(ProposalDeclined, st.just("ann"), st.just("x")),
    st.builds(ResponseEnded, st.just("ann")),
)


def test_every_state_has_an_answer_to_every_input() -> None:
    assert {(state, kind) for state, row in RESPONSE_TABLE.items() for kind in row} == {
        (state, kind) for state in ResponseState for kind in get_args(ResponseInput)
    }


@given(st.lists(st.tuples(inputs, st.integers(0, 90)), max_size=20))
@settings(max_examples=200, deadline=None)
def test_only_a_person_declares_changes_and_ends(moves: list[tuple[ResponseInput, int]]) -> None:
    response, now = NEW, NOW
    for move, minutes in moves:
        now += timedelta(minutes=minutes)
        before, response = response, advance_response(response, move, now).response
        if isinstance(move, ProposalChanged):
            assert response.number == before.number
            assert (before.state, response.state) != (ResponseState.DECLARED, ResponseState.ENDED)
            if before.state is ResponseState.DECLARED:
                assert response.state is ResponseState.DECLARED
        if response.state is ResponseState.DECLARED:
            assert response.number is not None
            assert response.proposed is None or response.proposed < response.number


def test_a_graver_proposal_asks_once_and_one_that_nobody_decides_lapses_and_comes_again() -> None:
    first = advance_response(NEW, ProposalChanged(4), NOW)
    assert first.asks
    assert not advance_response(first.response, ProposalChanged(4), NOW).asks
    assert advance_response(first.response, ProposalChanged(3), NOW).asks
    late = advance_response(first.response, ProposalChanged(4), NOW + LAPSES_AFTER)
    assert late.response.state is ResponseState.LAPSED
    assert may_propose_again(late.response, 4, NOW)
    declined = advance_response(first.response, ProposalDeclined("ann", "x"), NOW).response
    assert not may_propose_again(declined, 4, NOW)
    assert may_propose_again(declined, 3, NOW)
    assert may_propose_again(declined, 4, NOW + LAPSES_AFTER)


def test_the_rule_counts_sites_at_a_level_or_above_and_a_region_may_have_fewer_numbers() -> None:
    built_in = rule_of([], "370100")
    found = [
        rule.number if (rule := built_in.proposed(levels)) else None
        for levels in (
            [Level.YELLOW] * 2,
            [Level.YELLOW] * 3,
            [Level.RED],
            [Level.ORANGE, Level.ORANGE, Level.RED],
            [Level.RED] * 3,
            [Level.RED] * 10,
        )
    ]
    assert found == [None, 4, 3, 3, 2, 1]
    when = (SitesAtLevel(level="red", sites=1),)
    own = RegionRule(
        region="370181", source="plan of 2025", responses=(NumberRule(number=3, when=when, declared_by=("mayor",)),)
    )
    assert rule_of([own], "370181").of(4) is None
    assert regions_with([own], "370181") == ("370181", "370100")
    assert regions_with([own], "370102") == ("370100",)
