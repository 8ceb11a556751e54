"""The tests of a series over stored readings, by the limits of each gauge's kind: the same tests as the engine's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from msgspec import to_builtins

from rencheng.checks.limits import GAUGES, GaugeLimits, of_kind
from rencheng.checks.series.step import NEW_SERIES, Series, series_from_json, step
from rencheng.domain.quality import UNUSABLE, Quality
from rencheng.store.core.database import Engine
from rencheng.store.quality import SeriesFlag, gauges_in_service, samples, save_flags, save_progress

SETTLED_AFTER = timedelta(minutes=5)
"""Older readings may still arrive before readings younger than this. Readings that arrive later are not tested."""

SPAN = timedelta(days=1)
"""How far back a gauge's first run looks, and the longest span of one transaction."""

GAUGES_AT_ONCE = 50

Sample = tuple[str, int, datetime, float | None, int]
"""Device, channel, time, depth in mm, quality."""


@dataclass(slots=True)
class Track:
    """The state of one channel: that of the tests, and the newest measured sample with its flags so far."""

    series: Series = NEW_SERIES
    newest: datetime | None = None
    flags: int = 0

    def to_json(self) -> list[Any]:
        """Return plain JSON values; `from_json` gives an equal track back."""
        return [to_builtins(self.series), self.newest.isoformat() if self.newest else None, self.flags]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Self:
        """Return the track that was kept."""
        series, newest, flags = kept
        return cls(series_from_json(series), datetime.fromisoformat(newest) if newest else None, flags)


def run(engine: Engine, now: datetime, limits: Mapping[str, GaugeLimits] = GAUGES) -> dict[str, int]:
    """Test the readings that were stored since the last run. Each span commits its progress, so a run may be killed.

    Args:
        engine: the database.
        now: the wall clock, UTC.
        limits: by kind of gauge.

    Returns:
        How many gauges and samples were tested, and how many readings were flagged.
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
    """Test one span of time of these gauges, in one transaction."""
    with engine.begin() as connection:
        rows = list(samples(connection, begun, through))
        found = evaluate(rows, tracks, kinds)
        save_flags(connection, found)
        states = {name: {str(c): track.to_json() for c, track in tracks[name].items()} for name in begun}
        save_progress(connection, through, states)
    figures["samples"] += len(rows)
    figures["flagged"] += len({(f.device_id, f.channel, f.time) for f in found if f.flags & ~Quality.NOT_EVALUATED})


def evaluate(
    rows: Iterable[Sample], tracks: Mapping[str, dict[int, Track]], kinds: Mapping[str, GaugeLimits]
) -> list[SeriesFlag]:
    """Return the flags of samples in order of time. `tracks` is updated in place, by device and channel.

    The newest sample of a channel is "not evaluated" until the next one decides its spike test. Then its remaining
    flags are final.
    """
    found: list[SeriesFlag] = []
    for device_id, channel, time, depth_mm, quality in rows:
        track = tracks[device_id].setdefault(channel, Track())
        usable_mm = None if quality & int(UNUSABLE) else depth_mm
        track.series, flags, spike_flags = step(track.series, time.timestamp(), usable_mm, kinds[device_id].series)
        if usable_mm is not None:
            if track.newest is not None:
                final = (track.flags | spike_flags) & ~int(Quality.NOT_EVALUATED)
                found.append(SeriesFlag(device_id, channel, track.newest, Quality(final)))
            track.newest, track.flags = time, flags
        if flags:
            found.append(SeriesFlag(device_id, channel, time, Quality(flags)))
    return found
