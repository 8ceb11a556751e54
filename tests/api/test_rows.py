"""Rows are encoded as their models would encode them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import SmallInteger, Text
from sqlalchemy.schema import Column

from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.store.history.raw import TABLES
from services.api.app import create_app
from services.api.http.models import ApiModel, present
from services.api.http.route_rules import RouteRules
from services.api.http.rows import items_of, json_response
from services.api.routes.readings.read import MeterValue, SignalEvent, WaterReading
from services.api.settings import ApiSettings

ZONE = ZoneInfo("Asia/Shanghai")
MODELS: dict[Kind, type[ApiModel]] = {
    Kind.WATERLOGGING: WaterReading,
    Kind.SIGNAL: SignalEvent,
    Kind.CHARGING: MeterValue,
}
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def values(column: Column[Any]) -> st.SearchStrategy[Any]:
    kinds: dict[type, st.SearchStrategy[Any]] = {
        datetime: TIMES,
        float: NUMBERS,
        int: st.integers(0, 2**15 - 1),
        str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    }
    if column.name == "quality" and isinstance(column.type, SmallInteger):
        return st.integers(0, sum(Quality))
    if column.name == "measurand" and isinstance(column.type, Text):
        return st.just("power_kw")
    value = kinds[column.type.python_type]
    return st.none() | value if column.nullable else value


@pytest.mark.parametrize("kind", list(Kind))
@given(data=st.data())
def test_rows_are_encoded_as_their_model_encodes_them(kind: Kind, data: st.DataObject) -> None:
    row = data.draw(st.fixed_dictionaries({column.name: values(column) for column in TABLES[kind].c}))
    model = MODELS[kind]
    item = items_of(model, [row, row], ZONE)[0]
    expected = model.model_validate(present(row, ZONE))
    assert model.model_validate(item) == expected
    assert model.model_validate_json(bytes(json_response(item).body)) == expected
    assert item.keys() == expected.model_dump().keys()


def test_the_rule_of_every_route_is_found() -> None:
    app = create_app(ApiSettings(database_url="postgresql+psycopg://nobody@127.0.0.1/none"))
    rules = RouteRules(app)
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ():
            path = (context.path or "").replace("{", "").replace("}", "")
            rule = rules.find(method, path)
            assert rule is not None, path
    assert rules.find("GET", "/v1/nothing") is None
