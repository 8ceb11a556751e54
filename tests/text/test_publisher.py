"""A publisher that would make every message invalid is rejected at start-up."""

from dataclasses import replace

import pytest

from tests.support.cap_messages import PUBLISHER


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sender": "city example"}, "has a space"),
        ({"sender": "a,b"}, "has a space, comma"),
        ({"contact": " "}, "contact is blank"),
        ({"sender_name_zh": "<b>局</b>"}, "plain text"),
        ({"restriction": "a\x00b"}, "control character"),
        ({"sender_name_en": "O" * 61}, "short name"),
        ({"web": "city.example"}, "not absolute"),
        ({"web": "ftp://city.example"}, "not absolute"),
    ],
)
def test_an_invalid_publisher_is_rejected(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(PUBLISHER, **changes)


def test_a_warning_has_one_address() -> None:
    publisher = replace(PUBLISHER, web="https://city.example/base/")

    assert publisher.page("a/b") == "https://city.example/base/warnings/a%2Fb"
