"""The levels of rollups, and how their buckets lie in time. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from rencheng.domain.kind import Kind

CITY_ZONE = ZoneInfo("Asia/Shanghai")
"""Where days begin at midnight: migration 0008 cut them so."""


class Granularity(StrEnum):
    """How finely a rollup cuts time; part of its name."""

    MINUTE = "1min"
    HOUR = "1h"
    DAY = "1day"

    @property
    def width(self) -> timedelta:
        """Of one bucket. China has had no summer time since 1992, so that a day is 24 hours."""
        return _WIDTHS[self]

    @property
    def finer(self) -> "Granularity | None":
        """What it is made from; None: from the readings."""
        return dict(pairwise(reversed(Granularity))).get(self)

    @property
    def coarser(self) -> "Granularity | None":
        """What is made from it."""
        return dict(pairwise(Granularity)).get(self)

    def floor(self, moment: datetime) -> datetime:
        """Where the bucket begins that holds this moment, in UTC."""
        if self is Granularity.DAY:
            local = moment.astimezone(CITY_ZONE)
            return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        return moment - (moment - _EPOCH) % self.width

    def ceil(self, moment: datetime) -> datetime:
        """The first beginning of a bucket that is not before this moment, in UTC."""
        start = self.floor(moment)
        return start if start == moment else start + self.width


_WIDTHS = {
    Granularity.MINUTE: timedelta(minutes=1),
    Granularity.HOUR: timedelta(hours=1),
    Granularity.DAY: timedelta(days=1),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rollup:
    """One kind's rollup of one level."""

    kind: Kind
    granularity: Granularity

    @property
    def name(self) -> str:
        """Its name in the database, the same on either edition."""
        return f"{self.kind.value}_{self.granularity.value}"


def every_rollup() -> Iterator[Rollup]:
    """All of them, each after the one that it is made from."""
    return (Rollup(kind, level) for level in Granularity for kind in Kind)
