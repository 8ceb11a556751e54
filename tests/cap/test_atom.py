"""An Atom feed repeats the CAP elements of its messages, in the language that was asked for."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import feedparser  # type: ignore[import-untyped]  # ships no types

from rencheng.cap.atom import FeedAddress, last_updated, render_feed
from rencheng.cap.render import render
from rencheng.text.sentences import compose
from tests.support.cap_messages import PUBLISHER, example_chain, example_site

ADDRESS = FeedAddress("https://rencheng.city.example", "/v1/feed.atom", "/v1/feed.atom?page=2")
ROWS = [
    {
        "identifier": message.identifier,
        "cap": f"/v1/warnings/{message.warning_id}/events/{message.sequence}/cap",
        "page": f"/warnings/{message.warning_id}",
        "recorded_at": message.issued_at,
        "cap_xml": render(compose(message, example_site(), PUBLISHER)),
    }
    for message in example_chain()
]


def test_an_entry_links_to_its_message_and_repeats_its_elements() -> None:
    feed = feedparser.parse(render_feed(ROWS, ADDRESS, "en"))

    assert [entry.title.partition(" Control ")[2].split()[0] for entry in feed.entries] == [
        "issues",
        "updates",
        "lifts",
    ]
    assert [entry.cap_msgtype for entry in feed.entries] == ["Alert", "Update", "Cancel"]
    assert feed.entries[0].cap_severity == "Severe"
    assert feed.entries[0].links[0].href.endswith("/v1/warnings/w-20260701-0001/events/1/cap")
    assert {link.rel for link in feed.feed.links} == {"self", "next", "alternate"}


def test_the_chinese_feed_has_chinese_titles() -> None:
    feed = feedparser.parse(render_feed(ROWS, ADDRESS, "zh"))

    assert feed.feed.title == "韧城积水预警"
    assert "积水橙色预警" in feed.entries[0].title


def test_an_empty_feed_is_valid_and_has_a_time() -> None:
    text = render_feed([], ADDRESS, "zh")

    assert ET.fromstring(text).tag == "{http://www.w3.org/2005/Atom}feed"  # noqa: S314 - written a line above
    assert last_updated([]) == datetime(1970, 1, 1, tzinfo=UTC)
    assert last_updated(ROWS) == ROWS[-1]["recorded_at"]
