"""A recorded signal controller: events with a resolution of 0.1 s, uploaded in batches."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_sims.recordings import RecordedEvent, SignalRecording
from device_sims.replay.upload import Upload
from rencheng.domain.kind import Kind
from rencheng.domain.reading import SignalEvent

TENTH = timedelta(milliseconds=100)
TENTHS_PER_SECOND = 10


@dataclass(frozen=True, slots=True)
class SignalReplay:
    """A controller's log, moved so that it begins at `start`.

    Attributes:
        device_id: the signal that replays it.
        recording: the log.
        start: when it begins.
        upload_every_s: the interval between two uploads, seconds.
    """

    device_id: str
    recording: SignalRecording
    start: datetime
    upload_every_s: int = 10
    kind: Kind = Kind.SIGNAL

    def uploads(self) -> list[Upload]:
        """Return one upload per period with events, sent at its end, in the order of the log."""
        tenths = self.upload_every_s * TENTHS_PER_SECOND
        spans = itertools.groupby(self.recording.events, key=lambda event: event.offset_tenths // tenths)
        return [
            Upload(self.start + (number + 1) * tenths * TENTH, tuple(self._event(event) for event in events))
            for number, events in spans
        ]

    def _event(self, event: RecordedEvent) -> SignalEvent:
        time = self.start + event.offset_tenths * TENTH
        return SignalEvent(self.device_id, time, event.event_id, event.parameter)
