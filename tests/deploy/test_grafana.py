"""The dashboards of Grafana: the files are current, and the read role answers every query of them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, create_engine, text

from rencheng.store.core.database import translate_errors
from tests.support.compose_file import ROOT, read
from tests.support.roles import as_role

GRAFANA = ROOT / "deploy/grafana"
DASHBOARDS = [json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))]
QUERIES = [
    pytest.param(panel["targets"][0]["rawSql"], panel["targets"][0]["format"], id=f"{one['uid']}: {panel['title']}")
    for one in DASHBOARDS
    for panel in one["panels"]
] + [
    pytest.param(each["query"], "variable", id=f"{one['uid']}: {each['name']}")
    for one in DASHBOARDS
    for each in one["templating"]["list"]
]
NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
BEGIN = NOW - timedelta(days=1)


@pytest.fixture(scope="module")
def reader(database_url: str) -> Iterator[Engine]:
    engine = create_engine(as_role(database_url, "reader"))
    yield engine
    engine.dispose()


def as_sent(query: str) -> str:
    """The query after Grafana's macros and variables. Source: Grafana documentation, PostgreSQL query editor."""
    between = rf"\1 BETWEEN '{BEGIN.isoformat()}' AND '{NOW.isoformat()}'"
    query = re.sub(r"\$__timeFilter\(([\w.]+)\)", between, query)
    query = re.sub(
        r"\$__timeGroup\(([\w.]+), ?'?([\w$]+)'?\)",
        lambda found: f"time_bucket('{'60s' if found[2] == '$__interval' else found[2]}', {found[1]})",
        query,
    )
    return query.replace("${region}", "3701").replace("${site}", "tunnel-1")


@pytest.mark.parametrize(("query", "form"), QUERIES)
def test_the_read_role_answers_every_query(reader: Engine, query: str, form: str) -> None:
    sent = as_sent(query)
    assert "$" not in sent
    with translate_errors(), reader.connect() as connection:
        columns = list(connection.execute(text(sent.replace(":", r"\:"))).keys())
    if form == "time_series":
        assert columns[0] == "time"
    if form == "variable":
        assert columns == ["__value", "__text"]


def test_the_files_are_current_and_name_the_data_source_and_each_other_once() -> None:
    command = [sys.executable, str(GRAFANA / "make_dashboards.py"), "--check"]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert checked.stderr == ""
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/rencheng.yml").read_text())["datasources"]
    used: set[Any] = {panel["targets"][0]["datasource"]["uid"] for one in DASHBOARDS for panel in one["panels"]}
    assert used == {source["uid"]}
    assert len({one["uid"] for one in DASHBOARDS}) == len(DASHBOARDS) >= 3
    for one in DASHBOARDS:
        places = [tuple(panel["gridPos"].values()) for panel in one["panels"]]
        assert len({place[:2] for place in places}) == len(places)
        assert all(x + width <= 24 for x, _, width, _ in places)


def test_grafana_is_confined_like_the_other_containers() -> None:
    grafana = read(ROOT / "deploy/compose/grafana.yml")["services"]["grafana"]
    assert grafana["ports"] == ["${RENCHENG_PUBLISH_GRAFANA:-127.0.0.1:3000}:3000"]
    assert grafana["read_only"] == "true"
    assert grafana["cap_drop"] == ["ALL"]
    assert grafana["mem_limit"]
    assert ":?" in grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD"]  # no password by default
