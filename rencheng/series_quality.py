"""The tests of a series over stored rows, by the limits of each gauge's kind: the same steps as the engine's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from rencheng.checks.limits import GAUGES, GaugeLimits, of_kind
from rencheng.checks.series.step import NOTHING_YET, Series, step
from rencheng.domain.quality import UNUSABLE, Quality
from rencheng.store.core.database import Engine
from rencheng.store.quality import SeriesFlag, gauges_in_service, samples, save_flags, save_progress

SETTLED_AFTER = timedelta(minutes=5)
"""Readings younger than this may still be joined by older ones; what comes later than that is not gone back for."""

SPAN = timedelta(days=1)
"""How far back a gauge's first run looks, and the most that one transaction takes in."""

GAUGES_AT_ONCE = 50

Sample = tuple[str, int, datetime, float | None, int]
"""Device, channel, time, depth in mm, quality."""


@dataclass(slots=True)
class Track:
    """What is remembered of one channel: the tests' state, and the newest measured sample with its flags so far."""

    series: Series = NOTHING_YET
    newest: datetime | None = None
    flags: int = 0

    def to_json(self) -> list[Any]:
        """As plain JSON values; `from_json` gives an equal one back."""
        return [self.series.to_json(), self.newest.isoformat() if self.newest else None, self.flags]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Self:
        """What was kept."""
        series, newest, flags = kept
        return cls(Series.from_json(series), datetime.fromisoformat(newest) if newest else None, flags)


def run(engine: Engine, now: datetime, limits: Mapping[str, GaugeLimits] = GAUGES) -> dict[str, int]:
    """Test what was stored since the last run. It may be killed and done again: each span commits its own progress.

    Args:
        engine: the database.
        now: the wall clock, UTC.
        limits: by kind of gauge.

    Returns:
        How many gauges and samples were looked at, and how many readings were flagged.
    """
    until = now - SETTLED_AFTER
    with engine.connect() as connection:
        gauges = gauges_in_service(connection)
    figures = {"gauges": len(gauges), "samples": 0, "flagged": 0}
    for start in range(0, len(gauges), GAUGES_AT_ONCE):
        batch = gauges[start : start + GAUGES_AT_ONCE]
        tracks = {g.device_id: {int(c): Track.from_json(kept) for c, kept in g.channels.items()} for g in batch}
        begun = {gauge.device_id: gauge.evaluated_through or until - SPAN for gauge in batch}
        kinds = {gauge.device_id: of_kind(limits, gauge.gauge) for gauge in batch}
        through = min(begun.values())
        while through < until:
            through = min(through + SPAN, until)
            _advance(engine, {name: at for name, at in begun.items() if at < through}, through, tracks, kinds, figures)
            begun = {name: max(at, through) for name, at in begun.items()}
    return figures


def _advance(
    engine: Engine,
    begun: Mapping[str, datetime],
    through: datetime,
    tracks: Mapping[str, dict[int, Track]],
    kinds: Mapping[str, GaugeLimits],
    figures: dict[str, int],
) -> None:
    """One span of time of these gauges, in one transaction."""
    with engine.begin() as connection:
        rows = list(samples(connection, begun, through))
        found = evaluate(rows, tracks, kinds)
        save_flags(connection, found)
        remembered = {name: {str(c): track.to_json() for c, track in tracks[name].items()} for name in begun}
        save_progress(connection, through, remembered)
    figures["samples"] += len(rows)
    figures["flagged"] += len({(f.device_id, f.channel, f.time) for f in found if f.flags & ~Quality.NOT_EVALUATED})


def evaluate(
    rows: Iterable[Sample], tracks: Mapping[str, dict[int, Track]], kinds: Mapping[str, GaugeLimits]
) -> list[SeriesFlag]:
    """What the tests find in samples in order of time. `tracks` is carried on in place, by device and channel.

    The newest sample of a channel stands as "not evaluated" until the next one settles it; then what is left of its
    flags stands, and if that is nothing, nothing does.
    """
    found: list[SeriesFlag] = []
    for device_id, channel, time, depth_mm, quality in rows:
        track = tracks[device_id].setdefault(channel, Track())
        usable_mm = None if quality & int(UNUSABLE) else depth_mm
        track.series, flags, settled = step(track.series, time.timestamp(), usable_mm, kinds[device_id].series)
        if usable_mm is not None:
            if track.newest is not None:
                final = (track.flags | settled) & ~int(Quality.NOT_EVALUATED)
                found.append(SeriesFlag(device_id, channel, track.newest, Quality(final)))
            track.newest, track.flags = time, flags
        if flags:
            found.append(SeriesFlag(device_id, channel, time, Quality(flags)))
    return found
