"""How many files an answer to a call passes through. ARCHITECTURE lists them in the same order."""

import httpx
import pytest
from sqlalchemy import Engine

from local_stack.ports import choose_port
from rencheng.operations.calls import follow_warning, send_nothing
from rencheng.store.calls.answers import make_link
from services.api.__main__ import make_server
from services.api.settings import ApiSettings
from tests.docs.test_walks import SITE, WARNING, check, database, number, running  # noqa: F401 - a fixture
from tests.support.calls import clear_calls, put_on_duty
from tests.support.polling import eventually
from tests.support.walks import tracing

PERSON = "walk-keeper"


@pytest.mark.slow
def test_an_answer_by_link_passes_at_most_20_files_and_turns_back_at_most_twice(
    database_url: str,
    database: Engine,  # noqa: F811 - the fixture
) -> None:
    clear_calls(database)
    put_on_duty(database, [(PERSON, "keeper")])
    with database.begin() as connection:
        connection.exec_driver_sql(WARNING.replace(" 2, 2,", " 4, 4,"))
        follow_warning(connection, f"{SITE}-2026", [], send_nothing)
        token = make_link(connection, f"{SITE}-2026", PERSON, 1, 1)
    server = make_server(ApiSettings(database_url=database_url, api_port=choose_port(seed=PERSON, avoid=())))
    with tracing(token, PERSON) as walk, running(lambda _settings, _stop: server.run(), None):
        eventually(lambda: server.started, expected=True)
        walk.is_on = True
        url = f"http://127.0.0.1:{server.config.port}/answers/{token}"
        answer = httpx.post(url, data={"kind": "accepted"})
        walk.is_on = False
        server.should_exit = True

    assert answer.status_code == 200
    assert number(database, "SELECT count(*) FROM acknowledgements") == 1
    check(walk, "An answer", files_max=20, turn_backs_max=2)
