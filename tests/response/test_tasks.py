"""Tasks through the response service: two processes, a kill, and one message for each person."""

import httpx
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from tests.response.conftest import MakeResponse
from tests.support.api import serving
from tests.support.calls import prove_contact
from tests.support.decisions import decide, open_sites
from tests.support.polling import eventually
from tests.support.tasks import staff
from tests.support.webhook_receiver import WebhookReceiver


def leased(database: Engine) -> int:
    with database.connect() as connection:
        query = text("SELECT count(*) FROM dispatches WHERE state = 'leased'")
        return int(connection.execute(query).scalar_one())


def test_a_warning_gives_each_person_one_list_of_tasks_whatever_process_dies(
    database: Engine, database_url: str, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    staff(database)
    open_sites(database, "S1")
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET region = '370102', site_type = 'underpass'"))
        for person in ("ann", "bo"):
            prove_contact(connection, person, "webhook", f"{receiver.url}/{person}")

    def lists(person: str) -> list[set[str]]:
        sent = receiver.of(f"/{person}", "task")
        return [{task["task"] for task in one.document["data"]["tasks"]} for one in sent]

    with serving(database_url) as address:
        first, _ = make_response("0", RENCHENG_PUBLIC_URL=address), make_response("1", RENCHENG_PUBLIC_URL=address)
        decide(database, "S1", 1, Level.ORANGE)
        eventually(lambda: (lists("ann"), lists("bo")), ([{"close"}], [{"keeper"}]), within_s=20)
        eventually(lambda: leased(database), 0)  # else the next message waits until the lease of the dead has run out
        first.kill()
        decide(database, "S1", 2, Level.RED)
        eventually(lambda: lists("ann"), [{"close"}, {"close", "search", "divert"}], within_s=20)
        page = httpx.get(receiver.of("/ann", "task")[-1].document["data"]["report_url"])
        assert "封闭道路" in page.text
        decide(database, "S1", 3, Level.RED, ends=True)
        eventually(lambda: len(lists("ann")) == 3 and len(lists("bo")) == 2, within_s=20)
    with database.connect() as connection:
        rows = connection.execute(text("SELECT template_id, state FROM tasks ORDER BY template_id")).all()

    states = {row.template_id: row.state for row in rows}
    assert len(states) == len(rows) == 9
    assert (states["close"], states["reopen"]) == ("cancelled", "open")
    assert lists("ann")[-1] == set()
    assert "reopen" in lists("bo")[-1]
