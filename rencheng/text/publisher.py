"""Who speaks: the office whose name, address and page stand in every message."""

import re
from dataclasses import dataclass, fields
from urllib.parse import quote, urlsplit

from rencheng.text.formatting import UNPRINTABLE

CAP_TOKEN = re.compile(r"[^\s,<&]+")
"""What CAP 1.2 takes as a sender or an identifier: no spaces, commas, < or &, since `references` is split at them."""

NAME_CHARS_MAX = 60
"""A headline has 140 characters: with a longer name of the office, no room is left for the name of the place."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """The office that issues the warnings.

    Attributes:
        sender: globally unique, such as `rencheng@city.example`; CAP allows no spaces, commas, < or & in it.
        sender_name_zh: as a Chinese headline begins.
        sender_name_en: as an English headline begins.
        web: the absolute address under which people find the warnings.
        contact: whom to ask: a telephone number or a mail address.
        restriction: to whom a message of scope Restricted may be passed on.
    """

    sender: str
    sender_name_zh: str
    sender_name_en: str
    web: str
    contact: str
    restriction: str

    def __post_init__(self) -> None:
        """Refuse at the start of the program what would spoil every message later.

        Raises:
            ValueError: a text is blank, too long, no address, or carries characters that a message may not.
        """
        for item in fields(self):
            _check_text(item.name, getattr(self, item.name))
        if not CAP_TOKEN.fullmatch(self.sender):
            raise ValueError(f"sender {self.sender!r} has a space, comma, < or &; take one like rencheng@city.example")
        if max(len(self.sender_name_zh), len(self.sender_name_en)) > NAME_CHARS_MAX:
            raise ValueError(f"a sender name is longer than {NAME_CHARS_MAX} characters; use the office's short name")
        address = urlsplit(self.web)
        if address.scheme not in {"http", "https"} or not address.netloc or re.search(r"\s", self.web):
            raise ValueError(f"web {self.web!r} is not absolute; begin with https:// and a host")

    def page(self, warning_id: str) -> str:
        """The address of one warning."""
        return f"{self.web.rstrip('/')}/warnings/{quote(warning_id, safe='')}"


def _check_text(name: str, text: str) -> None:
    """No blank text, no control characters, no markup."""
    if not text.strip():
        raise ValueError(f"{name} is blank; every message needs it")
    if UNPRINTABLE.search(text) or re.search("[<>&]", text):
        raise ValueError(f"{name} has a control character or one of < > &; write it in plain words")
