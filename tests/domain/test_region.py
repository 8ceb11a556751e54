"""A region code with trailing zeros includes everything below it; a reach includes exactly its regions and worlds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.domain.region import code_includes

pairs = st.integers(1, 99).map("{:02}".format)
codes = (
    st.tuples(pairs, pairs | st.just("00"), pairs | st.just("00"))
    .map("".join)
    .filter(lambda code: code[2:4] != "00" or code[4:] == "00")
)
worlds = st.sampled_from("abc")
reaches = st.builds(Reach, st.lists(codes, max_size=3).map(tuple), st.lists(worlds, max_size=2).map(tuple))


@pytest.mark.parametrize(
    ("code", "region", "expected"),
    [
        ("370000", "370102", True),
        ("370100", "370102", True),
        ("370102", "370102", True),
        ("371000", "371002", True),  # Weihai: its zero belongs to the city
        ("371000", "371102", False),
        ("370100", "370000", False),
        ("370102", "370100", False),
        ("370100", "371002", False),
        ("110000", "370102", False),
    ],
)
def test_codes(code: str, region: str, expected: bool) -> None:
    assert code_includes(code, region) is expected


@given(code=codes, region=codes)
def test_a_code_includes_a_region_if_it_equals_it_down_to_its_own_rank(code: str, region: str) -> None:
    rank = 2 if code.endswith("0000") else 4 if code.endswith("00") else 6
    assert code_includes(code, region) == (code[:rank] == region[:rank])


@given(outer=reaches, inner=reaches, region=codes, world=worlds)
def test_what_a_covered_reach_includes_the_covering_one_includes(
    outer: Reach, inner: Reach, region: str, world: str
) -> None:
    assert EVERYWHERE.covers(inner)
    assert inner.covers(inner)
    if outer.covers(inner) and inner.includes(region, world):
        assert outer.includes(region, world)
