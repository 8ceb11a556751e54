"""The live stream sends every message once and in order, also to a client that was cut off."""

import os
import threading
import time

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from services.api.streaming.options import StreamOptions
from tests.support.api import SITES, serving
from tests.support.polling import eventually
from tests.support.streams import SITES_BY_ID, new_name, record_messages, rendered, streaming

CUT_S = float(os.environ.get("RENCHENG_TEST_CUT_S", "0"))
"""How long the client of the bar is cut off at least, seconds; 30 in the bar itself."""


def test_a_message_arrives_on_the_notification_with_its_id(city: Engine, database_url: str, token: str) -> None:
    name = new_name()

    def stops_after_a_notification(server: threading.Thread) -> bool:
        with city.begin() as connection:
            connection.execute(text("NOTIFY rencheng_warnings"))
        return not server.is_alive()

    # the listener polls once an hour, so that only a notification of the database brings the message
    with serving(database_url, StreamOptions(poll_s=3600)) as address:
        with streaming(address, token) as stream:
            record_messages(city, rendered(name, 1, Level.BLUE))
            stream.receives(f"{name}-1")
        address.server.should_exit = True
        eventually(lambda: stops_after_a_notification(address.thread))
    [(event_id, document)] = stream.received
    query = text("SELECT event_id, document FROM warning_events WHERE identifier = :name")
    with city.connect() as connection:
        row = connection.execute(query, {"name": f"{name}-1"}).one()
    assert (event_id, document) == (row.event_id, row.document)


def test_without_an_id_it_begins_now_and_a_client_cut_off_before_the_first_message_can_come_back(
    city: Engine, address: str, token: str
) -> None:
    name = new_name()
    record_messages(city, rendered(name, 1, Level.BLUE))
    with streaming(address, token) as stream:
        pass
    record_messages(city, rendered(name, 2, Level.YELLOW))
    with streaming(address, token, last_id=stream.last_id) as again:
        again.receives(f"{name}-2")
    assert stream.received == []


@pytest.mark.parametrize("by", ["header", "after"])
def test_it_goes_on_after_an_id(city: Engine, address: str, token: str, by: str) -> None:
    name = new_name()
    with streaming(address, token) as stream:
        record_messages(city, *(rendered(name, n, Level.BLUE) for n in (1, 2, 3)))
        stream.receives(*(f"{name}-{n}" for n in (1, 2, 3)))
    first = str(stream.received[0][0])
    asked = {"last_id": first} if by == "header" else {"after": first}
    with streaming(address, token, **asked) as again:
        again.receives(f"{name}-2", f"{name}-3")
        record_messages(city, rendered(name, 4, Level.BLUE, kind=MessageType.CANCEL))
        again.receives(*(f"{name}-{n}" for n in (2, 3, 4)))


def test_the_header_counts_more_than_the_address(city: Engine, address: str, token: str) -> None:
    name = new_name()
    with streaming(address, token) as stream:
        record_messages(city, *(rendered(name, n, Level.BLUE) for n in (1, 2)))
        stream.receives(f"{name}-1", f"{name}-2")
    with streaming(address, token, last_id=str(stream.received[0][0]), after=0) as again:
        again.receives(f"{name}-2")


def test_filters_and_a_warning_is_followed_to_its_end(city: Engine, address: str, token: str) -> None:
    high, low, drill = new_name(), new_name(), new_name()
    with (
        streaming(address, token, level_min="orange", world="all") as grave,
        streaming(address, token, site_id="road") as road,
        streaming(address, token, world="drill") as exercise,
    ):
        levels = (Level.BLUE, Level.RED, Level.YELLOW)
        record_messages(city, *(rendered(high, n, level) for n, level in enumerate(levels, 1)))
        record_messages(city, rendered(high, 4, Level.YELLOW, kind=MessageType.CANCEL))
        record_messages(city, rendered(low, 1, Level.YELLOW, site=SITES_BY_ID["road"]))
        record_messages(city, rendered(drill, 1, Level.ORANGE, site=SITES_BY_ID["drill-tunnel"]))
        # not before it was orange; then also what steps down, and the end
        grave.receives(f"{high}-2", f"{high}-3", f"{high}-4", f"{drill}-1")
        road.receives(f"{low}-1")
        exercise.receives(f"{drill}-1")


@pytest.mark.parametrize(
    ("asked", "headers"),
    [({"after": "x"}, {}), ({"after": "-1"}, {}), ({"level_min": "none"}, {}), ({}, {"Last-Event-ID": "abc"})],
)
def test_what_cannot_be_asked(client: httpx.Client, asked: dict[str, str], headers: dict[str, str]) -> None:
    assert client.get("/v1/stream", params=asked, headers=headers).status_code == 422


def test_an_id_that_was_never_given_out_is_refused_and_not_waited_for(client: httpx.Client) -> None:
    """Its client was with another platform, or with this one before its database was set back."""
    answer = client.get("/v1/stream", headers={"Last-Event-ID": str(2**62)})
    assert answer.status_code == 422
    assert "Reconnect without" in answer.json()["detail"]


def test_a_client_far_behind_is_served_from_the_database(city: Engine, database_url: str, token: str) -> None:
    name = new_name()
    with serving(database_url, StreamOptions(cached_messages=5, page_messages=7)) as address:
        with streaming(address, token) as stream:
            record_messages(city, *(rendered(name, n, Level.BLUE) for n in range(1, 31)))
            stream.receives(*(f"{name}-{n}" for n in range(1, 31)))
        with streaming(address, token, last_id=str(stream.received[2][0])) as again:
            again.receives(*(f"{name}-{n}" for n in range(4, 31)))


def test_bar_a_client_cut_off_during_a_flood_of_warnings_gets_every_message_once(
    city: Engine, address: str, token: str
) -> None:
    """Bar 5: run with RENCHENG_TEST_CUT_S=30."""
    names, stop = [new_name() for _ in range(12)], threading.Event()
    written: list[str] = []

    def flood() -> None:
        """Record messages of twelve warnings in turn, every few milliseconds."""
        sequence = 0
        while not stop.wait(0.02):
            sequence += 1
            for number, name in enumerate(names):
                site = SITES[number % len(SITES)]
                record_messages(city, rendered(name, sequence, Level(1 + sequence % 4), site=site))
                written.append(f"{name}-{sequence}")

    writer = threading.Thread(target=flood)
    received: list[tuple[int, str]] = []
    with streaming(address, token, world="all") as stream:
        writer.start()
        eventually(lambda: len(stream.received) > 50)
    received += [(event_id, document["identifier"]) for event_id, document in stream.received]
    before = len(written)
    time.sleep(CUT_S)
    eventually(lambda: len(written) > before + 100)
    missed = len(written) - before
    with streaming(address, token, last_id=stream.last_id, world="all") as again:
        eventually(lambda: len(again.received) > missed + 50)
        stop.set()
        writer.join()
        eventually(lambda: len(received) + len(again.received), len(written))
        received += [(event_id, document["identifier"]) for event_id, document in again.received]
    assert [name for _, name in received] == written
    ids = [event_id for event_id, _ in received]
    assert ids == sorted(set(ids))
    assert missed > 100
