"""Recordings on a timeline: from a recording and a start to uploads with their times. No I/O."""

from device_sims.replay.charger import ChargerReplay
from device_sims.replay.flood import FloodReplay
from device_sims.replay.recorded_csv import RecordedSeries, read_recorded_csv, shift_to_now
from device_sims.replay.signal import SignalReplay
from device_sims.replay.upload import Replay, Upload

__all__ = [
    "ChargerReplay",
    "FloodReplay",
    "RecordedSeries",
    "Replay",
    "SignalReplay",
    "Upload",
    "read_recorded_csv",
    "shift_to_now",
]
