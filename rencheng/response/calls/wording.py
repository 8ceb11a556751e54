"""What a call says, in Chinese and English, and by which kinds of contact methods."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.response.calls.call import Call
from rencheng.response.calls.intents import Ask, AskKind
from rencheng.response.calls.policy import ChannelUse
from rencheng.response.calls.replies import KEYS_EN, KEYS_ZH
from rencheng.response.delivery.dispatch import ContactKind, Content

_CHAT = frozenset(
    {
        ContactKind.WEBHOOK,
        ContactKind.MQTT,
        ContactKind.MAIL,
        ContactKind.WECOM_BOT,
        ContactKind.DINGTALK_BOT,
        ContactKind.FEISHU_BOT,
    }
)

KINDS = {
    "chat": _CHAT,
    "mail": frozenset({ContactKind.MAIL}),
    "sms": frozenset({ContactKind.SMS}),
    "voice": frozenset({ContactKind.VOICE}),
}
"""The contact methods of each kind of channel."""

_FIRST_WORDS = {
    AskKind.FIRST: ("请作答", "please answer"),
    AskKind.AGAIN: ("仍无人应答，请作答", "nobody has answered yet, please answer"),
    AskKind.RENEW: ("应答后无进展，请再次确认", "no progress since your answer, please confirm again"),
}


def uses_of(kinds: Sequence[ContactKind], channels: Sequence[ChannelUse], level: Level, wait_s: float) -> list[float]:
    """Return for each method of a person when it is used, seconds after the step begins.

    At red all methods are used at once. Below red those that the step does not name are used after its wait, so that
    nobody is left out. Whatever waits is used at once if all that was sent failed.
    """
    if not channels or level is Level.RED:
        return [0.0] * len(kinds)
    found = [min((use.after_s for use in channels if kind in KINDS[use.kind]), default=wait_s) for kind in kinds]
    first = min(found, default=0.0)
    return [use - first for use in found] if first == wait_s else found


@dataclass(frozen=True, slots=True)
class WaysToAnswer:
    """How a person answers an ask.

    Attributes:
        link: the address of the page.
        code: by which a reply by SMS names the call; None if there is none.
    """

    link: str
    code: str | None = None

    def text(self, kind: ContactKind) -> tuple[str, str]:
        """Return the ways that a contact method of a kind offers, in Chinese and English."""
        if kind is ContactKind.VOICE:
            return f"请按键：{KEYS_ZH}", f"press {KEYS_EN}"
        if kind is ContactKind.SMS and self.code is not None:
            return (
                f"{self.link} 或回复数字加编号{self.code}：{KEYS_ZH}",
                f"{self.link} or reply a number and the code {self.code}: {KEYS_EN}",
            )
        return self.link, self.link


def content_of(call: Call, site: Site, ask: Ask, ways: WaysToAnswer | None, kind: ContactKind, at: datetime) -> Content:
    """Return the message of an ask.

    Args:
        call: the call.
        site: its site.
        ask: the ask.
        ways: how the person answers; None of an end.
        kind: of the contact method.
        at: the present.
    """
    level = call.now_level if call.now_level is not Level.NONE else call.level
    document: dict[str, object] = {
        "kind": "call",
        "ask": ask.kind.value,
        "warning_id": call.warning_id,
        "world": call.world,
        "site": {"site_id": site.site_id, "name_zh": site.name_zh, "name_en": site.name_en},
        "level": level.word,
        "round": call.round,
        "person_id": ask.person_id,
        "role": ask.role,
        "answer_url": None if ways is None else ways.link,
        "ask_number": ask.ask,
        "issued_at": at.isoformat(),
    }
    if ask.kind is AskKind.ENDED or ways is None:
        return Content(f"叫应结束：{site.name_zh}，无需再应答。", f"The call for {site.name_en} is over.", document)
    zh, en = _FIRST_WORDS[ask.kind]
    late_zh = f"（迟发{timedelta(seconds=round(ask.late_s))}）" if ask.late_s else ""
    late_en = f" (late by {timedelta(seconds=round(ask.late_s))})" if ask.late_s else ""
    how_zh, how_en = ways.text(kind)
    return Content(
        f"叫应：{site.name_zh}{level.chinese}预警，{zh}{late_zh}：{how_zh}",
        f"{site.name_en}: {level.word} warning, {en}{late_en}: {how_en}",
        document,
    )
