"""What became of a batch, as a slot tells it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rencheng.store.accounting.counts import ReadingCounts


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch.

    Attributes:
        tally: its readings, by what became of them.
        reasons: those in quarantine, by reason.
        unnamed: messages that no receipt will name.
        lags_s: from the device's clock to the commit, of some of the readings, seconds.
    """

    counts: ReadingCounts
    reasons: Counter[str] = field(default_factory=Counter)
    receipts_dropped: int = 0
    lags_s: Sequence[float] = ()
