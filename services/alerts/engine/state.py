"""What the engine remembers of a site between two readings, and how that is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from rencheng.domain.level import Level
from services.alerts.engine.trend import WINDOW, Sample


@dataclass(frozen=True, slots=True)
class SiteState:
    """A site as the engine knows it.

    Attributes:
        level: the level in force.
        tracks: of each gauge channel the samples of the last minutes, in order of time.
        reached_since: since when the depth has stood at or above a level's threshold without a break, by level.
        receding_since: since when nothing has held the level up; None while something does.
        watermark: the greatest sample time taken in.
    """

    level: Level = Level.NONE
    tracks: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    reached_since: Mapping[Level, datetime] = field(default_factory=dict)
    receding_since: datetime | None = None
    watermark: datetime | None = None

    def with_sample(self, name: str, time: datetime, depth_mm: float) -> "SiteState":
        """The state with one more sample of a gauge channel, in its place by time; what is older than the window goes.

        A sample that is there already changes nothing.
        """
        track = dict(self.tracks.get(name, ()))
        track.setdefault(time, depth_mm)
        newest = max(time, self.watermark or time)
        kept = tuple(sample for sample in sorted(track.items()) if sample[0] > newest - WINDOW)
        return replace(self, tracks={**self.tracks, name: kept}, watermark=newest)

    def to_json(self) -> dict[str, object]:
        """The state as plain JSON values; `from_json` gives an equal state back."""
        return {
            "level": self.level.word,
            "tracks": {name: [[t.isoformat(), mm] for t, mm in track] for name, track in self.tracks.items()},
            "reached_since": {level.word: time.isoformat() for level, time in self.reached_since.items()},
            "receding_since": self.receding_since.isoformat() if self.receding_since else None,
            "watermark": self.watermark.isoformat() if self.watermark else None,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The state that was kept."""
        return cls(
            level=Level.parse(kept["level"]),
            tracks={
                name: tuple((datetime.fromisoformat(time), float(mm)) for time, mm in track)
                for name, track in kept["tracks"].items()
            },
            reached_since={Level.parse(word): _time(time) for word, time in kept["reached_since"].items()},
            receding_since=_time(kept["receding_since"]) if kept["receding_since"] else None,
            watermark=_time(kept["watermark"]) if kept["watermark"] else None,
        )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
