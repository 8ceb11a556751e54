"""The result of one batch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rencheng.store.accounting.counts import ReadingCounts


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a partition worker reports about a committed batch.

    Attributes:
        counts: its readings as stored, duplicate and quarantined.
        reasons: the quarantined ones by reason.
        receipts_dropped: messages that no receipt names, because too many replies are pending.
        lags_s: from sampling to commit, of some of the readings, seconds.
    """

    counts: ReadingCounts
    reasons: Counter[str] = field(default_factory=Counter)
    receipts_dropped: int = 0
    lags_s: Sequence[float] = ()
