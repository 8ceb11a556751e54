"""Forms of subscribers and contact methods."""

import datetime as dt
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rencheng.domain.device import ACTUAL
from rencheng.domain.site import SiteType
from rencheng.domain.topic import IDENTIFIER
from rencheng.response.delivery.dispatch import ContactKind
from rencheng.response.delivery.outbound import check_template
from rencheng.schemas.fields import DistrictCode, Identifier, Text

LISTED_MAX = 200

_HTTP = frozenset({ContactKind.WEBHOOK, ContactKind.WECOM_BOT, ContactKind.DINGTALK_BOT, ContactKind.FEISHU_BOT})


class SubscriberForm(BaseModel):
    """A subscriber: a system, a group or a person that gets warnings. An empty list includes all."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    owner: Text
    """The organisation and the person who answers for it."""
    level_min: Literal["blue", "yellow", "orange", "red"] = "blue"
    """Warnings at this level or above; from then on the whole warning, also its end."""
    regions: list[DistrictCode] = Field(default=[], max_length=LISTED_MAX)
    """Districts, cities or provinces."""
    site_types: list[SiteType] = Field(default=[], max_length=LISTED_MAX)
    sites: list[Identifier] = Field(default=[], max_length=LISTED_MAX)
    wants_updates: bool = True
    """Whether messages at an unchanged level are sent."""
    wants_notices: bool = False
    """Whether notices, such as lost monitoring, are sent."""
    wants_platform_messages: bool = False
    """Whether messages about the platform itself are sent, such as a disabled endpoint of another subscriber."""


class ContactForm(BaseModel):
    """A contact method: an address and its protocol."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    kind: ContactKind
    address: str = Field(min_length=1, max_length=1000)
    """URL of a webhook or bot, mail address, number, or the last level of an MQTT topic. Never shown again."""
    secret: str | None = Field(default=None, max_length=200)
    """The secret with which a bot checks messages. A webhook gets a secret of ours."""
    worlds: list[Identifier] = Field(default=[ACTUAL], min_length=1, max_length=20)
    """The worlds whose messages are sent to it: by default no exercise."""
    mode: Literal["latest", "every"] | None = None
    """`latest`: the newest message of a warning, for people; `every`: all in order, for systems. By default by kind."""
    cap: Literal["none", "link", "inline"] = "link"
    """Whether the CAP form is in the body of a webhook, or a link to it."""
    language: Literal["zh", "en", "both"] = "both"
    spare: bool = False
    """Whether red warnings are sent to it from memory while the database is away. For subscribers."""
    template: str | None = None
    """Text with $names instead of the built-in text."""

    quiet_from: dt.time | None = None
    """Of a person's method: below red it is not used from this local time on, such as 22:00."""
    quiet_until: dt.time | None = None

    @field_validator("template")
    @classmethod
    def _can_be_filled(cls, value: str | None) -> str | None:
        if value is not None and (fault := check_template(value)):
            raise ValueError(fault)
        return value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "ContactForm":
        if fault := _address_fault(self.kind, self.address):
            raise ValueError(fault)
        quiet = [at for at in (self.quiet_from, self.quiet_until) if at is not None]
        if len(quiet) == 1 or any(at.tzinfo is not None for at in quiet):
            raise ValueError("quiet hours have a beginning and an end, local times of day without an offset")
        return self

    @property
    def shown(self) -> str:
        """The masked address."""
        return masked(self.kind, self.address)

    @property
    def delivery_mode(self) -> str:
        """The mode, by default `every` for systems."""
        systems = {ContactKind.WEBHOOK, ContactKind.MQTT}
        return self.mode or ("every" if self.kind in systems else "latest")


def masked(kind: ContactKind, address: str) -> str:
    """Return an address for lists: the host of a URL, the ends of a number. URLs of bots contain their secret."""
    if kind in _HTTP:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname}{'' if parts.port is None else f':{parts.port}'}/…"
    if kind is ContactKind.MQTT:
        return address
    if kind is ContactKind.MAIL:
        name, _, host = address.rpartition("@")
        return f"{name[:1]}…@{host}"
    return f"{address[:3]}…{address[-2:]}"


def _address_fault(kind: ContactKind, address: str) -> str | None:
    if any(ord(character) < 0x21 or ord(character) == 0x7F for character in address):  # noqa: PLR2004 - control, blank
        return "the address has blanks or control characters"
    if kind in _HTTP:
        try:
            parts = urlsplit(address)
            is_good = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.username is None
            _ = parts.port
        except ValueError:
            is_good = False
        return None if is_good else "the address is not a URL such as https://dispatch.example/hook"
    if kind is ContactKind.MQTT:
        return None if IDENTIFIER.fullmatch(address) else "the address is the last level of a topic, such as dispatch-1"
    if kind is ContactKind.MAIL:
        name, at, host = address.rpartition("@")
        return None if name and at and host and address.isascii() else "the address is not a mail address"
    number = address.removeprefix("+")
    return None if number.isdecimal() and number.isascii() and 5 <= len(number) <= 15 else "the address is not a number"  # noqa: PLR2004 - E.164
