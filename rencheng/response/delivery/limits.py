"""How often a contact method may be used. Providers drop what exceeds their limits, so nothing is sent beyond them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import ContactKind


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` sends within any window of `per_s` seconds, `reserve` of them for red alone."""

    count: int
    per_s: float
    reserve: int = 0


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_BOT = (RateLimit(20, _MINUTE, reserve=5), RateLimit(1, 3.0))
"""Source: 20 messages a minute by bot of 企业微信 and 钉钉. One in three seconds spreads them over the minute."""

LIMITS: Mapping[ContactKind, Sequence[RateLimit]] = {
    ContactKind.WECOM_BOT: _BOT,
    ContactKind.DINGTALK_BOT: _BOT,
    ContactKind.FEISHU_BOT: _BOT,  # 100 a minute are allowed; a group reads no more than the others
    ContactKind.SMS: (RateLimit(50, _DAY, reserve=10),),
    ContactKind.VOICE: (RateLimit(1, _MINUTE), RateLimit(5, _HOUR, reserve=2), RateLimit(20, _DAY, reserve=5)),
}
"""Limits by kind. Source of SMS and voice: 阿里云, help pages 2881383 and 2680293. Reserves: proposal."""

BUNDLED = frozenset({ContactKind.WECOM_BOT, ContactKind.DINGTALK_BOT, ContactKind.FEISHU_BOT})
"""Kinds whose messages of several places are sent as one."""

BUNDLE_MAX = 20
"""The most places in one message. Proposal: what a person reads."""


def free_at(kind: ContactKind, level: Level, sends: Sequence[datetime], now: datetime) -> datetime:
    """Return when a method may be used next; `now` if at once.

    Args:
        kind: of the contact method.
        level: of the message.
        sends: when it was used within the last day, in order.
        now: the present.
    """
    free = now
    for limit in LIMITS.get(kind, ()):
        count = limit.count if level is Level.RED else limit.count - limit.reserve
        if len(sends) >= count:
            free = max(free, sends[-count] + timedelta(seconds=limit.per_s))
    return free
