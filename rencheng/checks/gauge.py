"""Can a gauge's reading be what it says? Answers with flags; a reading is never deleted, and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rencheng.domain.device import Device
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading


@dataclass(frozen=True, slots=True)
class SampleLimits:
    """What one sample of a kind of gauge may show. What a device's own record says goes before it.

    Attributes:
        depth_min_mm: below it no drift of a zero explains a depth.
        depth_max_mm: above it, for want of a surveyed mounting height.
        rain_max_mm: no report's worth of rain is more.
        tilt_max_deg: a sensor that hangs further askew errs.
        sources: for each of these names, who says so.
    """

    depth_min_mm: float
    depth_max_mm: float
    rain_max_mm: float
    tilt_max_deg: float
    sources: Mapping[str, str] = field(repr=False, compare=False)


_NO_ECHO = Quality.MISSING | Quality.NO_RETURN


def flag_gauge(reading: WaterReading, device: Device, limits: SampleLimits) -> Quality:
    """What the sample itself shows: no return, blind zone, gross range, tilted.

    Args:
        reading: the sample.
        device: its gauge, with mounting height, blind zone and no-return codes where they are known.
        limits: of its kind of gauge.
    """
    depth_mm, distance_mm = reading.depth_mm, reading.raw_distance_mm
    flags = Quality.NOTHING_FOUND
    if device.no_return_codes and (depth_mm in device.no_return_codes or distance_mm in device.no_return_codes):
        flags |= _NO_ECHO  # and nothing else about a number that is none
    else:
        if depth_mm is not None and not limits.depth_min_mm <= depth_mm <= (device.depth_max_mm or limits.depth_max_mm):
            flags |= Quality.GROSS_RANGE
        if device.blind_zone_mm and _is_blind(depth_mm, distance_mm, device.blind_zone_mm, device.depth_max_mm):
            flags |= Quality.BLIND_ZONE
    if reading.rain_mm is not None and reading.rain_mm > limits.rain_max_mm:
        flags |= Quality.GROSS_RANGE
    if reading.tilt_deg is not None and reading.tilt_deg >= limits.tilt_max_deg:
        flags |= Quality.TILTED
    return flags


def _is_blind(depth_mm: float | None, distance_mm: float | None, zone_mm: float, height_mm: float | None) -> bool:
    """Did the echo come from within the blind zone? By the distance if it was sent, else by the depth."""
    if distance_mm is not None:
        return distance_mm <= zone_mm
    return depth_mm is not None and height_mm is not None and depth_mm >= height_mm - zone_mm
