"""A recorded flood at a waterlogging monitor, with a dry street before and after."""

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_sims.recordings import FloodRecording
from device_sims.replay.upload import Upload
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading

DRY_MM = 0.0


@dataclass(frozen=True, slots=True)
class FloodReplay:
    """A flood whose first sample is moved to `start`, cut to the whole second. Every sample is an upload.

    Attributes:
        device_id: the monitor that replays it.
        recording: the flood.
        start: when it begins.
        lead_in_s: how long the monitor reports a dry street before, at the recording's interval.
        lead_out_s: the same after the last sample, so that warnings can end.
        channel: the monitor's sensor channel.
    """

    device_id: str
    recording: FloodRecording
    start: datetime
    lead_in_s: int = 0
    lead_out_s: int = 0
    channel: int = 0
    kind: Kind = Kind.WATERLOGGING

    @property
    def step_s(self) -> int:
        """The usual interval of the recording, seconds."""
        pairs = itertools.pairwise(self.recording.offsets_s)
        return statistics.median_low([later - earlier for earlier, later in pairs])

    def uploads(self) -> list[Upload]:
        """Return one upload per sample."""
        start = self.start.replace(microsecond=0)
        samples = [(start + timedelta(seconds=offset_s), depth_mm) for offset_s, depth_mm in self._samples()]
        readings = (WaterReading(self.device_id, self.channel, time, depth_mm=depth) for time, depth in samples)
        return [Upload(reading.time, (reading,)) for reading in readings]

    def crossed_at(self, depth_mm: float) -> datetime | None:
        """Return when the recorded water first reaches a depth, in moved time; None if it never does."""
        offset_s = self.recording.reached_s(depth_mm)
        return None if offset_s is None else self.start.replace(microsecond=0) + timedelta(seconds=offset_s)

    def _samples(self) -> Iterator[tuple[int, float]]:
        """Yield (seconds from the start, depth in mm): dry, the recording, dry."""
        step_s, end_s = self.step_s, self.recording.duration_s
        for steps in range(self.lead_in_s // step_s, 0, -1):
            yield -steps * step_s, DRY_MM
        yield from zip(self.recording.offsets_s, self.recording.depths_mm, strict=True)
        for steps in range(1, self.lead_out_s // step_s + 1):
            yield end_s + steps * step_s, DRY_MM
