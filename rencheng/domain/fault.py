"""Faults that the watch finds in what follows a warning."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """The kinds of faults, the gravest first."""

    UNREACHED = "unreached"
    """A warning at orange or red has reached nobody."""
    CALL_EXHAUSTED = "call_exhausted"
    """Nobody answers a call."""
    NO_CALL = "no_call"
    """A warning at orange or red has no call, although people are on duty."""
    CALL_LATE = "call_late"
    """The next step of a call is overdue."""
    PART_DOWN = "part_down"
    """A process has left no heartbeat."""
    NOT_RETURNED = "not_returned"
    """A synthetic dispatch was not sent in time."""
    DISPATCH_LATE = "dispatch_late"
    """A decision without dispatches, or a message to a healthy endpoint, waits."""
    SEQUENCE_GAP = "sequence_gap"
    """A system lacks a message of a warning between two that it got."""
    END_MISSING = "end_missing"
    """Somebody got a warning, and not its end."""


FAULT_TEXTS: dict[FaultKind, tuple[str, str]] = {
    FaultKind.UNREACHED: ("橙色或红色预警无人收到", "a warning at orange or red has reached nobody"),
    FaultKind.CALL_EXHAUSTED: ("叫应无人应答", "nobody answers a call"),
    FaultKind.NO_CALL: ("橙色或红色预警没有叫应", "a warning at orange or red has no call"),
    FaultKind.CALL_LATE: ("叫应步骤超时", "the next step of a call is overdue"),
    FaultKind.PART_DOWN: ("服务没有心跳", "a process leaves no heartbeat"),
    FaultKind.NOT_RETURNED: ("自检消息未发出", "a synthetic dispatch was not sent"),
    FaultKind.DISPATCH_LATE: ("消息滞留未发", "messages wait that should have left"),
    FaultKind.SEQUENCE_GAP: ("系统缺少一条预警消息", "a system lacks a message of a warning"),
    FaultKind.END_MISSING: ("预警解除未送达", "somebody got a warning and not its end"),
}
"""What each kind says, in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class ResponseFault:
    """A fault that exists now.

    Attributes:
        subject: the warning, contact or part that is meant.
        seconds: for how long, at least.
    """

    kind: FaultKind
    subject: str
    seconds: float
