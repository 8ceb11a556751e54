"""The live stream: every message, once, in order, also to whoever was cut off."""

import os
import threading
import time

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from services.api.streaming import hub as live_module
from tests.api.conftest import SITES
from tests.api.streams import BY_NAME, eventually, new_name, said, say, streaming

CUT_S = float(os.environ.get("RENCHENG_TEST_CUT_S", "3"))
"""How long the client of the bar is cut off; 30 in the bar itself."""


def test_a_message_is_heard_at_once_with_its_id(city: Engine, address: str, token: str) -> None:
    name = new_name()
    with streaming(address, token) as stream:
        said_at = time.monotonic()
        say(city, said(name, 1, Level.BLUE))
        stream.hears(f"{name}-1", within_s=2)
        took_s = time.monotonic() - said_at
    [(event_id, document)] = stream.heard
    with city.connect() as connection:
        row = connection.execute(text("SELECT event_id, document FROM warning_events ORDER BY event_id DESC")).first()
    assert row is not None
    assert (event_id, document) == (row.event_id, row.document)
    assert took_s < 0.9  # so it was the database's word, not the look every second


def test_without_an_id_it_begins_now_and_a_client_cut_off_before_the_first_message_can_come_back(
    city: Engine, address: str, token: str
) -> None:
    name = new_name()
    say(city, said(name, 1, Level.BLUE))
    with streaming(address, token) as stream:
        pass
    say(city, said(name, 2, Level.YELLOW))
    with streaming(address, token, last_id=stream.last_id) as again:
        again.hears(f"{name}-2")
    assert stream.heard == []


@pytest.mark.parametrize("by", ["header", "after"])
def test_it_goes_on_after_an_id(city: Engine, address: str, token: str, by: str) -> None:
    name = new_name()
    with streaming(address, token) as stream:
        say(city, *(said(name, n, Level.BLUE) for n in (1, 2, 3)))
        stream.hears(*(f"{name}-{n}" for n in (1, 2, 3)))
    first = str(stream.heard[0][0])
    asked = {"last_id": first} if by == "header" else {"after": first}
    with streaming(address, token, **asked) as again:
        again.hears(f"{name}-2", f"{name}-3")
        say(city, said(name, 4, Level.BLUE, kind=MessageType.CANCEL))
        again.hears(*(f"{name}-{n}" for n in (2, 3, 4)))


def test_the_header_counts_more_than_the_address(city: Engine, address: str, token: str) -> None:
    name = new_name()
    with streaming(address, token) as stream:
        say(city, *(said(name, n, Level.BLUE) for n in (1, 2)))
        stream.hears(f"{name}-1", f"{name}-2")
    with streaming(address, token, last_id=str(stream.heard[0][0]), after=0) as again:
        again.hears(f"{name}-2")


def test_filters_and_a_warning_is_followed_to_its_end(city: Engine, address: str, token: str) -> None:
    high, low, drill = new_name(), new_name(), new_name()
    with (
        streaming(address, token, level_min="orange") as grave,
        streaming(address, token, site_id="road") as road,
        streaming(address, token, world="drill") as exercise,
    ):
        levels = (Level.BLUE, Level.RED, Level.YELLOW)
        say(city, *(said(high, n, level) for n, level in enumerate(levels, 1)))
        say(city, said(high, 4, Level.YELLOW, kind=MessageType.CANCEL))
        say(city, said(low, 1, Level.YELLOW, site=BY_NAME["road"]))
        say(city, said(drill, 1, Level.ORANGE, site=BY_NAME["drill-tunnel"]))
        # not before it was orange; then also what steps down, and the end
        grave.hears(f"{high}-2", f"{high}-3", f"{high}-4", f"{drill}-1")
        road.hears(f"{low}-1")
        exercise.hears(f"{drill}-1")


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
    assert "Begin without" in answer.json()["detail"]


def test_a_client_far_behind_is_served_from_the_database(
    city: Engine, address: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "AT_HAND", 5)
    monkeypatch.setattr(live_module, "PAGE", 7)
    name = new_name()
    with streaming(address, token) as stream:
        say(city, *(said(name, n, Level.BLUE) for n in range(1, 31)))
        stream.hears(*(f"{name}-{n}" for n in range(1, 31)))
    with streaming(address, token, last_id=str(stream.heard[2][0])) as again:
        again.hears(*(f"{name}-{n}" for n in range(4, 31)))


def test_bar_a_client_cut_off_during_a_storm_misses_nothing_and_hears_nothing_twice(
    city: Engine, address: str, token: str
) -> None:
    """Bar 5: run with RENCHENG_TEST_CUT_S=30."""
    names, stop = [new_name() for _ in range(12)], threading.Event()
    written: list[str] = []

    def storm() -> None:
        """A warning after another of each site, a message every few milliseconds."""
        sequence = 0
        while not stop.wait(0.02):
            sequence += 1
            for number, name in enumerate(names):
                site = SITES[number % len(SITES)]
                say(city, said(name, sequence, Level(1 + sequence % 4), site=site))
                written.append(f"{name}-{sequence}")

    writer = threading.Thread(target=storm)
    heard: list[tuple[int, str]] = []
    with streaming(address, token) as stream:
        writer.start()
        eventually(lambda: len(stream.heard) > 50, expected=True, within_s=20)
    heard += [(event_id, document["identifier"]) for event_id, document in stream.heard]
    before = len(written)
    time.sleep(CUT_S)
    missed = len(written) - before
    with streaming(address, token, last_id=stream.last_id) as again:
        eventually(lambda: len(again.heard) > missed + 50, expected=True, within_s=20)
        stop.set()
        writer.join()
        eventually(lambda: len(heard) + len(again.heard), len(written), within_s=20)
        heard += [(event_id, document["identifier"]) for event_id, document in again.heard]
    assert [name for _, name in heard] == written
    ids = [event_id for event_id, _ in heard]
    assert ids == sorted(set(ids))
    assert missed > 100
