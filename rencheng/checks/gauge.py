"""Can a gauge's reading be what it says? Answers with flags; a reading is never deleted."""

from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading

DEPTH_MIN_MM = -500.0
"""Below this no drift of a zero explains a depth. Source: QARTOD water level 2.1, gross range, sensor minimum."""

DEPTH_MAX_MM = 10_000.0
"""Above this, for want of a surveyed mounting height. Source: the same table, sensor maximum."""

TILT_MAX_DEG = 10.0
"""A sensor 2.7 m up errs by 42 mm from here on. Source: FloodNet's sensor documentation."""


def flag_gauge(reading: WaterReading, depth_max_mm: float | None) -> Quality:
    """What the sample itself shows: gross range, tilted.

    Args:
        reading: the sample.
        depth_max_mm: the mounting height of its gauge, if surveyed; nothing deeper can be measured.
    """
    flags = Quality.NOTHING_FOUND
    if reading.depth_mm is not None and not DEPTH_MIN_MM <= reading.depth_mm <= (depth_max_mm or DEPTH_MAX_MM):
        flags |= Quality.GROSS_RANGE
    if reading.tilt_deg is not None and reading.tilt_deg >= TILT_MAX_DEG:
        flags |= Quality.TILTED
    return flags
