"""What people read: the same warning as headline, description and instruction in Chinese and in English."""

from dataclasses import dataclass

from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from services.alerts.messages import chinese, english
from services.alerts.messages.fitness import refuse_unfit
from services.alerts.messages.publisher import Publisher
from services.alerts.messages.wording import place_en, place_zh

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
    refuse_unfit(message, site)
    return Sentences(
        language="zh-CN",
        event=chinese.EVENT,
        sender_name=publisher.sender_name_zh,
        place=place_zh(site),
        headline=chinese.headline(message, site, publisher, HEADLINE_CHARS_MAX),
        description=chinese.description(message, site),
        instruction=chinese.instruction(message, site),
    )


def in_english(message: WarningMessage, site: Site, publisher: Publisher) -> Sentences:
    """The warning in English.

    Raises:
        ValueError: the message contradicts itself or its site.
    """
    refuse_unfit(message, site)
    return Sentences(
        language="en-US",
        event=english.EVENT,
        sender_name=publisher.sender_name_en,
        place=place_en(site),
        headline=english.headline(message, site, publisher, HEADLINE_CHARS_MAX),
        description=english.description(message, site),
        instruction=english.instruction(message, site),
    )
