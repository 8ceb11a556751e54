"""The office that issues the warnings."""

import re
from dataclasses import dataclass, fields
from urllib.parse import quote, urlsplit

from rencheng.text.formatting import UNPRINTABLE

CAP_TOKEN = re.compile(r"[^\s,<&]+")
"""A sender or identifier without spaces, commas, < and &, because `references` is split there. Source: CAP 1.2."""

NAME_CHARS_MAX = 60
"""A longer name leaves too few of a headline's 140 characters for the name of the place."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """The office whose name, address and page are in every message.

    Attributes:
        sender: globally unique, such as `rencheng@city.example`, without spaces, commas, < and &.
        sender_name_zh: the first words of a Chinese headline.
        sender_name_en: the first words of an English headline.
        web: the absolute address of the pages of the warnings.
        contact: a telephone number or a mail address for questions.
        restriction: who may receive a message of scope Restricted.
    """

    sender: str
    sender_name_zh: str
    sender_name_en: str
    web: str
    contact: str
    restriction: str

    def __post_init__(self) -> None:
        """Reject at start-up a value that would make every message invalid.

        Raises:
            ValueError: a text is blank, too long, not an address, or has characters that a message may not carry.
        """
        for item in fields(self):
            _check_text(item.name, getattr(self, item.name))
        if not CAP_TOKEN.fullmatch(self.sender):
            raise ValueError(f"sender {self.sender!r} has a space, comma, < or &; use one like rencheng@city.example")
        if max(len(self.sender_name_zh), len(self.sender_name_en)) > NAME_CHARS_MAX:
            raise ValueError(f"a sender name is longer than {NAME_CHARS_MAX} characters; use the office's short name")
        address = urlsplit(self.web)
        if address.scheme not in {"http", "https"} or not address.netloc or re.search(r"\s", self.web):
            raise ValueError(f"web {self.web!r} is not absolute; begin with https:// and the host")

    def page(self, warning_id: str) -> str:
        """Return the address of the page of a warning."""
        return f"{self.web.rstrip('/')}/warnings/{quote(warning_id, safe='')}"


def _check_text(name: str, text: str) -> None:
    """Reject a text that is blank or has control characters or markup."""
    if not text.strip():
        raise ValueError(f"{name} is blank; give it, because every message needs it")
    if UNPRINTABLE.search(text) or re.search("[<>&]", text):
        raise ValueError(f"{name} has a control character or one of < > &; use plain text")
