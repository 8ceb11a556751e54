"""The granularities of rollups, and the boundaries of their buckets. Deterministic: no I/O, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from rencheng.domain.kind import Kind
from rencheng.domain.place import CITY_ZONE


class Granularity(StrEnum):
    """The bucket width of a rollup; part of its name. Days begin at midnight in the city, as in migration 0008."""

    MINUTE = "1min"
    HOUR = "1h"
    DAY = "1day"

    @property
    def width(self) -> timedelta:
        """The width of one bucket. A day has 24 hours, because China has had no summer time since 1992."""
        return _WIDTHS[self]

    @property
    def finer(self) -> "Granularity | None":
        """The granularity that this one is computed from; None: the readings."""
        return dict(pairwise(reversed(Granularity))).get(self)

    @property
    def coarser(self) -> "Granularity | None":
        """The granularity that is computed from this one."""
        return dict(pairwise(Granularity)).get(self)

    def floor(self, moment: datetime) -> datetime:
        """Return the start of the bucket that contains the moment, in UTC."""
        if self is Granularity.DAY:
            local = moment.astimezone(CITY_ZONE)
            return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        return moment - (moment - _EPOCH) % self.width

    def ceil(self, moment: datetime) -> datetime:
        """Return the first bucket start that is not before the moment, in UTC."""
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
    """The rollup of one kind at one granularity."""

    kind: Kind
    granularity: Granularity

    @property
    def name(self) -> str:
        """The name in the database, the same on both editions of TimescaleDB."""
        return f"{self.kind.value}_{self.granularity.value}"


def every_rollup() -> Iterator[Rollup]:
    """Yield all rollups, each after the one that it is computed from."""
    return (Rollup(kind, granularity) for granularity in Granularity for kind in Kind)
