import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sims import recordings
from device_sims.recordings import FloodRecording
from device_sims.replay import FloodReplay, SignalReplay, Upload
from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import SignalEvent, WaterReading

START = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)


def depths(uploads: list[Upload]) -> list[tuple[datetime, float | None]]:
    readings = [reading for upload in uploads for reading in upload.readings]
    return [(reading.time, reading.depth_mm) for reading in readings if isinstance(reading, WaterReading)]


@given(
    flood=st.sampled_from(recordings.floods()),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    lead_in_s=st.integers(0, 7200),
    lead_out_s=st.integers(0, 7200),
)
def test_a_flood_keeps_its_shape_wherever_it_is_placed(
    flood: FloodRecording, start: datetime, lead_in_s: int, lead_out_s: int
) -> None:
    replay = FloodReplay("monitor-1", flood, start, lead_in_s=lead_in_s, lead_out_s=lead_out_s)
    samples = depths(replay.uploads())
    whole_start = start.replace(microsecond=0)
    before, after = lead_in_s // replay.step_s, lead_out_s // replay.step_s
    wet = samples[before : len(samples) - after]

    assert [(time - whole_start, depth_mm) for time, depth_mm in wet] == [
        (timedelta(seconds=offset_s), depth_mm)
        for offset_s, depth_mm in zip(flood.offsets_s, flood.depths_mm, strict=True)
    ]
    assert all(depth_mm == 0.0 for _, depth_mm in samples[:before] + samples[len(samples) - after :])
    assert all(time.microsecond == 0 for time, _ in samples)
    assert all(later[0] > earlier[0] for earlier, later in itertools.pairwise(samples))
    assert samples[0][0] >= whole_start - timedelta(seconds=lead_in_s)
    assert samples[-1][0] <= whole_start + timedelta(seconds=flood.duration_s + lead_out_s)


def test_the_dry_street_is_reported_at_the_recordings_own_step() -> None:
    replay = FloodReplay("monitor-1", recordings.floods()[0], START, lead_in_s=600, lead_out_s=1200)
    times = [time for time, _ in depths(replay.uploads())]
    assert replay.step_s == 60
    assert times[0] == START - timedelta(seconds=600)
    assert times[-1] == START + timedelta(seconds=recordings.floods()[0].duration_s + 1200)


def test_a_flood_tells_when_it_crosses_a_depth() -> None:
    replay = FloodReplay("monitor-1", recordings.floods()[0], START)
    crossed_at = replay.crossed_at(150)
    assert crossed_at is not None
    assert next(time for time, depth_mm in depths(replay.uploads()) if depth_mm and depth_mm >= 150) == crossed_at
    assert replay.crossed_at(5000) is None


@pytest.mark.parametrize("recording", recordings.signals(), ids=lambda recording: recording.signal_id)
class TestEverySignal:
    def test_sends_every_event_in_order_and_in_time(self, recording: recordings.SignalRecording) -> None:
        uploads = SignalReplay("signal-1", recording, START, upload_every_s=10).uploads()
        events = [event for upload in uploads for event in upload.readings if isinstance(event, SignalEvent)]
        assert [
            ((event.time - START) / timedelta(milliseconds=100), event.event_id, event.parameter) for event in events
        ] == [tuple(event) for event in recording.events]
        for upload in uploads:
            assert all(timedelta(0) < upload.sent_at - event.time <= timedelta(seconds=10) for event in upload.readings)
        assert len({upload.sent_at for upload in uploads}) == len(uploads)

    def test_loses_no_true_row_to_the_key(self, recording: recordings.SignalRecording) -> None:
        uploads = SignalReplay("signal-1", recording, START).uploads()
        events = [event for upload in uploads for event in upload.readings if isinstance(event, SignalEvent)]
        keys = {(event.device_id, event.time, event.event_id, event.parameter) for event in events}
        assert len(keys) == len(set(recording.events))

    def test_travels_through_the_codec_unchanged(self, recording: recordings.SignalRecording) -> None:
        codec = CODECS["json"]
        for upload in SignalReplay("signal-1", recording, START).uploads()[:20]:
            assert codec.decode(Kind.SIGNAL, "signal-1", codec.encode(upload.readings)) == (list(upload.readings), [])
