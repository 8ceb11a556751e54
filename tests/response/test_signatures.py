"""Acts that need several people: who counts, and who signs."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rencheng.response.signatures import Signature, counted

NOW = datetime(2026, 7, 20, tzinfo=UTC)
names = st.sampled_from(["ann", "bo", "cy", "dee"])


@given(st.lists(names), st.sets(names))
def test_one_person_counts_once_and_who_asked_never(signed: list[str], requesters: set[str]) -> None:
    found = [each.person_id for each in counted([Signature(name, NOW) for name in signed], requesters)]

    assert len(found) == len(set(found))
    assert set(found) == set(signed) - requesters
