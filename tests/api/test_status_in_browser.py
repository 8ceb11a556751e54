"""The page as a person sees it. Skipped where there is no Chromium."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from tests.api.browser import CHROMIUM, Page, browsing
from tests.api.conftest import MakeToken, serving, store, water
from tests.api.streams import BY_NAME, eventually, said, say

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

MARKUP = "<img src=x onerror=document.title='run'>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture(scope="module", autouse=True)
def _city(city: Engine) -> None:
    now = datetime.now(UTC)
    store(city, [water("g1", now, 412.0), water("g3", now - timedelta(hours=1), 0.0)])
    with city.begin() as connection:
        connection.execute(text("UPDATE sites SET name_en = :name WHERE site_id = 'road'"), {"name": MARKUP})


def _shows(page: Page, what: str, *, of: str = "", within_s: float = 10) -> None:
    """On the page, or in the part of this name."""
    part = f"document.getElementById('{of}')" if of else "document.body"
    eventually(lambda: what in page.run(f"{part}.innerText"), expected=True, within_s=within_s)


def _enter(page: Page, key: str) -> None:
    eventually(lambda: page.run("!!document.querySelector('#ask:not([hidden])')"), expected=True)
    page.run(f"document.querySelector('#key').value = '{key}'; document.querySelector('#ask button').click()")


def test_from_the_key_to_a_warning_and_through_a_lost_connection(
    page: Page, city: Engine, database_url: str, make_token: MakeToken
) -> None:
    token = make_token(KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ)
    with serving(database_url) as url:
        page.open(f"{url}/")
        _enter(page, "rck_0123_wrong")
        _shows(page, "Refused: The key is unknown")
        page.complaints.clear()  # of the 401
        _enter(page, token)
        _shows(page, "412 mm")
        road = page.run("document.querySelector('#sites [data-id=road]').innerText")
        assert "失明 blind" in road
        assert "mm" not in road  # never shown as dry
        assert MARKUP in road
        _shows(page, "实时 live")
        said_at = time.monotonic()
        say(city, said("w", 1, Level.RED))
        _shows(page, "积水红色预警", of="messages", within_s=3)
        assert time.monotonic() - said_at < 3  # by the stream: the next poll might be five seconds off
        assert "red ponding warning" in page.run("document.querySelector('#said').textContent")
        assert page.run("document.querySelector('#exercise').hidden")
        assert page.run("[location.search, location.hash, localStorage.length, document.cookie]") == ["", "", 0, ""]
        assert page.complaints == []
    _shows(page, "Connection lost", within_s=15)


def test_a_link_from_a_cap_message_opens_its_warning_and_says_that_it_is_an_exercise(
    page: Page, city: Engine, database_url: str, make_token: MakeToken
) -> None:
    say(city, said("d", 1, Level.ORANGE, site=BY_NAME["drill-tunnel"]), said("earnest", 1, Level.BLUE))
    token = make_token(KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ)
    with serving(database_url) as url:
        page.open(f"{url}/warnings/d")
        _enter(page, token)
        _shows(page, "演练隧道 Drill tunnel")
        _shows(page, "演练 EXERCISE")
        assert "actual warnings in force" in page.run("document.querySelector('#actual').innerText")
        assert "积水橙色预警" in page.run("document.querySelector('#focus-messages').innerText")
        with city.begin() as connection:
            api_keys.revoke(connection, token.split("_")[1])
        eventually(lambda: page.run("sessionStorage.length"), 0, within_s=15)
        assert "412" not in page.run("document.body.textContent")
