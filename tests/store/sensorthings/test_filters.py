"""Filters of SensorThings become SQL, or are refused, whatever they hold."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from rencheng.domain.reach import EVERYWHERE
from rencheng.store.sensorthings.entities import SETS
from rencheng.store.sensorthings.filters import condition_of
from rencheng.store.sensorthings.refused import QueryRefused
from rencheng.store.sensorthings.sources import SOURCES
from tests.support.odata_filters import EXPRESSIONS


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(["Things", "Locations", "Observations"]), text=EXPRESSIONS)
def test_any_filter_is_translated_or_refused(name: str, text: str) -> None:
    source = SOURCES[name](EVERYWHERE)
    with suppress(QueryRefused):
        condition = condition_of(text, SETS[name], source, EVERYWHERE)
        select(source).where(condition).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
