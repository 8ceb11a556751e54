"""The status page in a real browser. The browser is downloaded once a machine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from local_stack.browser import ensure_browser
from local_stack.progress import progress_for_stdout
from rencheng.domain.level import Level
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.warnings.notices import add_notices
from tests.support.api import SITES, MakeToken, evaluate_readings, serving, water
from tests.support.browser import BrowserTab, open_browser
from tests.support.doubts import doubtful, published
from tests.support.polling import eventually
from tests.support.streams import SITES_BY_ID, record_messages, rendered

pytestmark = pytest.mark.timeout(900)  # the first run downloads the browser

MARKUP = "<img src=x onerror=document.title='run'>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserTab]:
    with open_browser(ensure_browser(progress_for_stdout()), tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture(scope="module", autouse=True)
def _city(city: Engine) -> None:
    now = datetime.now(UTC)
    sound = [water("g3", now - timedelta(minutes=60 + n), 0.0) for n in reversed(range(10))]
    evaluate_readings(city, [*sound, water("g1", now, 412.0)])
    with city.begin() as connection:
        connection.execute(text("UPDATE sites SET name_en = :name WHERE site_id = 'road'"), {"name": MARKUP})


def _shows(page: BrowserTab, what: str, *, of: str = "", within_s: float = 20) -> None:
    """On the page, or in the part of this name."""
    part = f"document.getElementById('{of}')" if of else "document.body"
    eventually(lambda: what in page.run(f"{part}.innerText"), expected=True, within_s=within_s)


def _enter(page: BrowserTab, key: str) -> None:
    eventually(lambda: page.run("!!document.querySelector('#ask:not([hidden])')"), expected=True)
    page.run(f"document.querySelector('#key').value = '{key}'; document.querySelector('#ask button').click()")


def test_from_the_key_to_a_warning_and_through_a_lost_connection(
    page: BrowserTab, city: Engine, database_url: str, make_token: MakeToken
) -> None:
    token = make_token(KeyScope.TELEMETRY_READ, KeyScope.WARNINGS_READ)
    with serving(database_url) as url:
        page.open(f"{url}/")
        _enter(page, "rck_0123_wrong")
        _shows(page, "Key rejected: The key or the session is unknown")
        page.errors.clear()  # of the 401
        _enter(page, token)
        _shows(page, "412 mm")
        _shows(page, "显示 2 / 2", of="shown")
        _shows(page, "数据接入中断", of="figures")  # no service runs beside the API
        road = page.run("document.querySelector('#sites [data-id=road]').innerText")
        assert "无数据 no data" in road
        assert "失联 silent" in road
        assert "mm" not in road  # never shown as dry
        assert MARKUP in road
        assert page.run("document.querySelector('#doubtful').hidden")
        with city.begin() as connection:
            add_notices(connection, published(SITES[1], doubtful(SITES[1])))
        _shows(page, "尚未证实", of="doubtful")
        _shows(page, "实时 live")
        record_messages(city, rendered("w", 1, Level.RED))
        _shows(page, "积水红色预警", of="messages")
        assert "red ponding warning" in page.run("document.querySelector('#announced').textContent")
        assert page.run("document.querySelector('#exercise').hidden")
        assert page.run("[location.search, location.hash, localStorage.length, document.cookie]") == ["", "", 0, ""]
        assert page.errors == []
    _shows(page, "Connection lost", within_s=15)


def test_a_link_from_a_cap_message_opens_its_warning_and_says_that_it_is_an_exercise(
    page: BrowserTab, city: Engine, database_url: str, make_token: MakeToken
) -> None:
    record_messages(
        city, rendered("d", 1, Level.ORANGE, site=SITES_BY_ID["drill-tunnel"]), rendered("earnest", 1, Level.BLUE)
    )
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
