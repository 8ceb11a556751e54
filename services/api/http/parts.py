"""The state of the platform's parts, as the API shows it."""

from collections.abc import Sequence
from typing import Literal

from rencheng.domain.heartbeat import Part, PartCondition, PartReason
from rencheng.text.parts import part_text
from services.api.http.models import ApiModel, example

PART = {
    "part": "alerts",
    "state": "down",
    "reason": "silent",
    "seconds": 23.4,
    "subject": "0",
    "text": {
        "zh": "预警服务中断：23秒没有心跳：进程已退出或卡死，请查看日志并重启",
        "en": "alert service down: no heartbeat for 23 s: the process is dead or hangs; see its log and restart it",
    },
}


class PartText(ApiModel):
    """A text in both languages."""

    zh: str
    en: str


class PartOfPlatform(ApiModel):
    """A part of the platform, and whether it does its work 组成部分."""

    model_config = example(**PART)

    part: Part
    state: Literal["ok", "behind", "down"]
    """behind: it works later than it should. down: it does not work."""
    reason: PartReason | None
    """Why it is behind or down; null if it is ok."""
    seconds: float | None
    """How long, or by how much."""
    subject: str
    """The process or job that is meant; empty if there is only one."""
    text: PartText
    """The state with its reason and what to do."""


def present_parts(conditions: Sequence[PartCondition]) -> list[PartOfPlatform]:
    """Return the parts for a response."""
    return [_present(one) for one in conditions]


def _present(one: PartCondition) -> PartOfPlatform:
    zh, en = part_text(one)
    return PartOfPlatform(
        part=one.part,
        state=one.state.value,
        reason=one.reason,
        seconds=None if one.seconds is None else round(one.seconds, 1),
        subject=one.subject,
        text=PartText(zh=zh, en=en),
    )
