"""What the engine remembers of a site between two readings, and how that is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from rencheng.domain.level import Level
from services.alerts.engine.trend import WINDOW, Sample


def channel_name(device_id: str, channel: int) -> str:
    """Under which name the samples of a gauge's channel are kept."""
    return f"{device_id}/{channel}"


def gauge_of(name: str) -> str:
    """The gauge that such a name belongs to."""
    return name.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class SiteState:
    """A site as the engine knows it.

    Attributes:
        level: the level in force.
        tracks: of each gauge channel the samples of the last minutes (at least the last one), in order of time.
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

        A sample that is there already changes nothing. A gauge's last sample stays, however old.
        """
        newest = time if self.watermark is None or time > self.watermark else self.watermark
        samples = self.tracks.get(name, ())
        if not samples or time > samples[-1][0]:  # the usual case, spared the sort
            samples = (*samples, (time, depth_mm))
        elif all(time != known for known, _ in samples):
            samples = tuple(sorted((*samples, (time, depth_mm))))
        return SiteState(
            level=self.level,
            tracks={**self.tracks, name: _within_window(samples, newest - WINDOW)},
            reached_since=self.reached_since,
            receding_since=self.receding_since,
            watermark=newest,
        )

    def spoke_at(self, name: str) -> datetime | None:
        """The newest sample time of a gauge channel; None if it never spoke."""
        track = self.tracks.get(name)
        return track[-1][0] if track else None

    def heard_until(self) -> dict[str, datetime]:
        """The newest sample time of each gauge; of its channels, that of the one which lags most."""
        heard: dict[str, datetime] = {}
        for name, track in self.tracks.items():
            if track:
                heard[gauge_of(name)] = min(track[-1][0], heard.get(gauge_of(name), track[-1][0]))
        return heard

    def of_gauges(self, device_ids: Sequence[str]) -> "SiteState":
        """The state without the samples of gauges that hang here no longer."""
        tracks = {name: track for name, track in self.tracks.items() if gauge_of(name) in device_ids}
        return self if len(tracks) == len(self.tracks) else replace(self, tracks=tracks)

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


def _within_window(samples: tuple[Sample, ...], begin: datetime) -> tuple[Sample, ...]:
    """The samples after `begin`, or the last one if none is."""
    for index, (time, _) in enumerate(samples):
        if time > begin:
            return samples[index:] if index else samples
    return samples[-1:]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
