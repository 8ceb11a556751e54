"""How the readings of a gauge arrive: at once, always some minutes late, or many together."""

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from rencheng.domain.timing import ALLOWED_LATENESS, EVALUATED_LATENESS

PUNCTUAL_S = ALLOWED_LATENESS.total_seconds()
"""A reading is punctual up to this lag."""

IN_TIME_S = EVALUATED_LATENESS.total_seconds()
"""A reading is evaluated up to this lag."""

TOGETHER_S = 1.0
"""Readings arrive together if their arrivals lie no further apart. Proposal."""


class Transit(NamedTuple):
    """How one reading arrived.

    Attributes:
        lag_s: how long after its sample time.
        is_followed: a newer reading of its channel came in the same message.
    """

    lag_s: float = 0.0
    is_followed: bool = False

    @property
    def is_late(self) -> bool:
        """Whether it is old enough that a warning must say so."""
        return self.lag_s > PUNCTUAL_S

    @property
    def is_in_time(self) -> bool:
        """Whether it is evaluated."""
        return self.lag_s <= IN_TIME_S

    @property
    def decides(self) -> bool:
        """Whether a level may follow from it: not from an old one that a newer one came with."""
        return not (self.is_followed and self.is_late)


AT_ONCE = Transit()


class Delivery(Struct, frozen=True, gc=False):
    """What is learned of a gauge channel from the arrivals of its readings.

    Attributes:
        lag_s: the lag of its newest reading; 0 if that was punctual.
        arrived_s: when that arrived.
        delay_s, before_s: the lag of the oldest reading of the last arrival, and of the one before it.
    """

    lag_s: float = 0.0
    arrived_s: float = 0.0
    delay_s: float = 0.0
    before_s: float = 0.0

    @property
    def latency_s(self) -> float:
        """How late its readings usually are: one late arrival is no habit."""
        return max(self.lag_s, min(self.delay_s, self.before_s))


PUNCTUAL = Delivery()


class Expected(Struct, frozen=True):
    """What the registry says of a gauge's reports. None: it is learned from them.

    Attributes:
        interval_s, interval_dry_s: its reporting interval in water and above a dry street.
        latency_s: how late its readings arrive.
    """

    interval_s: float | None = None
    interval_dry_s: float | None = None
    latency_s: float | None = None


UNKNOWN = Expected()


def delivered(delivery: Delivery, time_s: float, arrival: Transit) -> Delivery:
    """Return what is known after one reading more."""
    lag_s, arrived_s = arrival.lag_s if arrival.is_late else 0.0, time_s + arrival.lag_s
    if delivery is not PUNCTUAL and abs(arrived_s - delivery.arrived_s) <= TOGETHER_S:
        return replace(delivery, lag_s=lag_s)
    if not (lag_s or delivery.delay_s):
        return PUNCTUAL
    return Delivery(lag_s, arrived_s, lag_s, delivery.delay_s)
