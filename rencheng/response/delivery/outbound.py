"""A message as its channel sends it: the document for systems, the text for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Template
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.response.delivery.dispatch import MAYBE_RANK, ContactKind, DispatchSource

if TYPE_CHECKING:
    from rencheng.messages.dispatch_json import DispatchDocument

BODY_MAX = 16 * 1024
"""The largest body of a webhook, bytes. Source: Standard Webhooks, below 20 kB."""

TEXT_MAX = 2000
"""The longest text for people, bytes of UTF-8. Source: 企业微信 group bot, 2048 bytes."""

OLD_AFTER_S = 120.0
"""A text that is sent later than this after its message was issued says so. Proposal."""

TEMPLATE_MAX = 500
"""The longest template, characters."""

TEMPLATE_NAMES = ("site", "level", "headline", "description", "instruction", "issued", "warning", "link")
"""The names that a template may use, as $name."""


@dataclass(frozen=True, slots=True)
class OutboundItem:
    """One dispatch of a message.

    Attributes:
        document: of a warning or notice, as it is on MQTT; of others their own.
        cap_xml: the CAP form of a warning or a doubt; None of others.
        made_at: when it was decided, by the platform's clock.
        unseen: the highest level that the receiver was never sent, and when.
    """

    dispatch_id: UUID
    source: DispatchSource
    purpose: str
    world: str
    level: Level
    is_end: bool
    rank: int
    made_at: datetime
    document: Mapping[str, Any]
    zh: str = ""
    en: str = ""
    cap_xml: str | None = None
    unseen: tuple[Level, datetime] | None = None


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """What a channel sends in one attempt.

    Attributes:
        address: decrypted; never logged.
        secrets: those that are valid now, the newest first.
        attempt_at: by the clock of the database.
    """

    method_id: int
    kind: ContactKind
    address: str
    secrets: tuple[str, ...]
    worlds: frozenset[str]
    items: tuple[OutboundItem, ...]
    attempt_at: datetime
    language: str = "both"
    cap: str = "link"
    template: str | None = None
    public_url: str = ""

    @property
    def message_id(self) -> str:
        """The id, the same for every repetition."""
        return str(self.items[0].dispatch_id)

    @property
    def level(self) -> Level:
        """The gravest level in it."""
        return max(item.level for item in self.items)


def check_template(template: str) -> str | None:
    """Return what is wrong with a template; None if nothing is. A template has names only, nothing that runs."""
    if len(template) > TEMPLATE_MAX:
        return f"the template has {len(template)} characters; at most {TEMPLATE_MAX} are possible"
    parsed = Template(template)
    if not parsed.is_valid():
        return "the template has a $ without a name; write $$ for a dollar"
    if unknown := sorted(set(parsed.get_identifiers()) - set(TEMPLATE_NAMES)):
        return f"the template has unknown names: {', '.join(unknown)}; known are {', '.join(TEMPLATE_NAMES)}"
    return None


def body_of(message: OutboundMessage) -> bytes:
    """Return the JSON body for systems: the message's type, id, time and document. The same for every repetition."""
    [item] = message.items
    data = dict(item.document)
    warning_id = data.get("warning_id")
    if warning_id and item.source is DispatchSource.EVENT and message.cap != "none":
        data["cap_url"] = f"{message.public_url}/v1/warnings/{warning_id}/events/{data.get('sequence')}/cap"
    body: DispatchDocument = {
        "type": item.purpose,
        "id": message.message_id,
        "timestamp": item.made_at.isoformat(timespec="milliseconds"),
        "world": item.world,
        "data": data,
    }
    if message.cap == "inline" and item.cap_xml:
        encoded = _json({**body, "cap_xml": item.cap_xml})
        if len(encoded) <= BODY_MAX:
            return encoded
    return _json(body)


def text_of(message: OutboundMessage) -> str:
    """Return the text for people, at most `TEXT_MAX` bytes. A template that fails gives the built-in text.

    Of several places each has an equal share of the bytes, so that none is cut away.
    """
    if len(message.items) == 1:
        return _cut(_item_text(message, message.items[0]), TEXT_MAX)
    head = f"{len(message.items)} 处 places"
    share = (TEXT_MAX - len(head.encode())) // len(message.items) - 1
    return "\n".join([head, *(_cut(_short(message, item), share) for item in message.items)])


def subject_of(message: OutboundMessage) -> str:
    """Return one line that says what the message is about."""
    return " ".join(_short(message, message.items[0]).split())[:150]


def _item_text(message: OutboundMessage, item: OutboundItem) -> str:
    parts = [_marks(item) + (_from_template(message, item) or _built_in(message, item))]
    if item.unseen is not None:
        level, at = item.unseen
        parts.append(f"此前曾达{level.chinese} was {level.word.upper()} {at.astimezone(CITY_ZONE):%H:%M}")
    age_s = (message.attempt_at - item.made_at).total_seconds()
    if age_s > OLD_AFTER_S:
        parts.append(f"（{age_s / 60:.0f}分钟前发布，迟发 issued {age_s / 60:.0f} min ago）")
    return "\n".join(parts)


def _marks(item: OutboundItem) -> str:
    exercise = "【演练 EXERCISE】" if item.world != ACTUAL else ""
    test = "【测试 TEST】" if item.source is DispatchSource.TEST else ""
    again = "【重发 again】" if item.rank >= MAYBE_RANK else ""
    return exercise + test + again


def _from_template(message: OutboundMessage, item: OutboundItem) -> str | None:
    if message.template is None or item.source is not DispatchSource.EVENT or check_template(message.template):
        return None
    site = item.document.get("site") or {}
    values = {
        "site": _both(message.language, str(site.get("name_zh", "")), str(site.get("name_en", ""))),
        "level": _both(message.language, item.level.chinese, item.level.word),
        "issued": str(item.document.get("issued_at", "")),
        "warning": str(item.document.get("warning_id", "")),
        "link": str(item.document.get("web", "")),
    }
    for name in ("headline", "description", "instruction"):
        text = item.document.get(name) or {}
        values[name] = _both(message.language, str(text.get("zh", "")), str(text.get("en", "")))
    return Template(message.template).safe_substitute(values)


def _built_in(message: OutboundMessage, item: OutboundItem) -> str:
    if item.source is not DispatchSource.EVENT:
        return _both(message.language, item.zh, item.en, "\n")
    lines = []
    for name in ("headline", "description", "instruction"):
        text = item.document.get(name) or {}
        lines.append(_both(message.language, str(text.get("zh", "")), str(text.get("en", "")), "\n"))
    lines.append(str(item.document.get("web", "")))
    return "\n".join(line for line in lines if line)


def _short(message: OutboundMessage, item: OutboundItem) -> str:
    """Return one line of a place."""
    headline = item.document.get("headline") or {}
    zh, en = str(headline.get("zh", "")) or item.zh, str(headline.get("en", "")) or item.en
    language = "zh" if message.language == "both" and len(message.items) > 1 else message.language
    return _marks(item) + _cut(_both(language, zh, en), TEXT_MAX // (len(message.items) + 1))


def _both(language: str, zh: str, en: str, between: str = " ") -> str:
    texts: Sequence[str] = {"zh": (zh or en,), "en": (en or zh,)}.get(language, (zh, en))
    return between.join(text for text in texts if text)


def _cut(text: str, size: int) -> str:
    encoded = text.encode()
    return text if len(encoded) <= size else encoded[: size - 3].decode(errors="ignore") + "…"


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
