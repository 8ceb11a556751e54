"""What people read: the same warning as headline, description and instruction in Chinese and in English."""

from dataclasses import dataclass

from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from rencheng.text import en, zh
from rencheng.text.formatting import place_en, place_zh
from rencheng.text.publisher import Publisher
from rencheng.text.validation import validate

HEADLINE_CHARS_MAX = 140
"""What the Google profile of CAP recommends at most; CAP itself speaks of about 160. Domain reference 2.3."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """One warning in one language; `language` is an RFC 3066 tag."""

    language: str
    event: str
    sender_name: str
    place: str
    headline: str
    description: str
    instruction: str


def in_chinese(message: WarningMessage, site: Site, publisher: Publisher) -> Sentences:
    """The warning in Chinese.

    Raises:
        ValueError: the message contradicts itself or its site.
    """
    validate(message, site)
    return Sentences(
        language="zh-CN",
        event=zh.EVENT,
        sender_name=publisher.sender_name_zh,
        place=place_zh(site),
        headline=zh.headline(message, site, publisher, HEADLINE_CHARS_MAX),
        description=zh.description(message, site),
        instruction=zh.instruction(message, site),
    )


def in_english(message: WarningMessage, site: Site, publisher: Publisher) -> Sentences:
    """The warning in English.

    Raises:
        ValueError: the message contradicts itself or its site.
    """
    validate(message, site)
    return Sentences(
        language="en-US",
        event=en.EVENT,
        sender_name=publisher.sender_name_en,
        place=place_en(site),
        headline=en.headline(message, site, publisher, HEADLINE_CHARS_MAX),
        description=en.description(message, site),
        instruction=en.instruction(message, site),
    )
