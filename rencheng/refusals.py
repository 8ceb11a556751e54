"""What each account may fill of quarantine. One device that sends nonsense does not push out everybody's evidence."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from rencheng.intake import IntakeResult

BYTES_PER_MINUTE = 2**20
"""How much a device may add to quarantine in a minute, bytes. A gauge that is refused every 10 s needs 4 kB."""

BURST_BYTES = 16 * 2**20
"""How much of it may come at once: 50 of the largest messages, or 30,000 short ones."""

ENTRY_BYTES = 512
"""The size of an entry without its payload: its row and five index entries."""

MESSAGE_BYTES_MAX = 2**20
"""How much one message may take, bytes. Each refused reading is an entry with the whole payload, so that it can be
replayed alone; beyond this the rest of the message becomes one entry."""

SHARED = ""
"""The sender of all topics that belong to no registered device."""

SHARED_FACTOR = 4
"""The allowance of these topics together, in allowances of one device: a whole district may wait to be registered."""

_RATE_PER_S = BYTES_PER_MINUTE / 60
_DEVICE_LEVEL = 4
_FORGET_ABOVE = 10_000


def entries_max(payload_bytes: int) -> int:
    """Return how many refused readings of one message become an entry each."""
    return max(1, MESSAGE_BYTES_MAX // (payload_bytes + ENTRY_BYTES))


def sender_of(result: IntakeResult, devices: Collection[str]) -> str:
    """Return the device to whose account a refusal is charged, by its place in the topic; SHARED if there is none.

    The broker lets a device write topics with its own name alone, whatever the other levels are.
    """
    levels = result.message.topic.split("/")
    name = result.device_id or (levels[_DEVICE_LEVEL] if len(levels) > _DEVICE_LEVEL else SHARED)
    return name if name in devices else SHARED


@dataclass(slots=True)
class RefusalAllowance:
    """Bytes of quarantine by sender, by the generic cell rate algorithm, as `Quotas` uses it for readings."""

    _paid_at: dict[str, float] = field(default_factory=dict)
    _topics: dict[str, tuple[int, str]] = field(default_factory=dict)

    def charge(self, sender: str, result: IntakeResult, now_s: float) -> float:
        """Add what a refused message takes and return 0; or return the seconds to wait if it is too much."""
        share = SHARED_FACTOR if sender == SHARED else 1
        debt = self._paid_at.get(sender, now_s)
        if (excess_s := debt - now_s - BURST_BYTES / _RATE_PER_S) > 0:
            return excess_s
        size = len(result.message.payload) + ENTRY_BYTES
        taken = min(len(result.rejections) * size, max(size, MESSAGE_BYTES_MAX))
        if len(self._paid_at) > _FORGET_ABOVE:
            self._paid_at = {name: at for name, at in self._paid_at.items() if at > now_s}
        self._paid_at[sender] = max(now_s, debt) + taken / _RATE_PER_S / share
        return 0.0

    def topic(self, sender: str, topic: str, now: datetime) -> str:
        """Return the topic under which the excess of a sender is recorded in an hour: the first one.

        A sender may invent topics, and each would be an entry otherwise.
        """
        hour = int(now.timestamp() // 3600)
        known = self._topics.get(sender)
        if known is None or known[0] != hour:
            known = self._topics[sender] = (hour, topic)
        return known[1]
