"""The parts of real recordings that the demo replays. SOURCE.md has origin and licence of each."""

from device_sims.recordings.read import (
    FloodClass,
    FloodRecording,
    RecordedEvent,
    SessionRecording,
    SignalRecording,
    floods,
    sessions,
    signals,
)

__all__ = [
    "FloodClass",
    "FloodRecording",
    "RecordedEvent",
    "SessionRecording",
    "SignalRecording",
    "floods",
    "sessions",
    "signals",
]
