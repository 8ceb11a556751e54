"""Check a gauge's reading by itself. The result is flags; a check never deletes a reading or changes its values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rencheng.domain.device import Device, GaugeKind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import DRY_BELOW_MM


@dataclass(frozen=True, slots=True)
class SampleLimits:
    """The limits of a sample for a kind of gauge. The device's own record takes precedence.

    Attributes:
        depth_min_mm: the least depth; zero drift explains no lower one.
        depth_max_mm: the greatest depth, if the mounting height was not surveyed.
        rain_max_mm: the most rain of one report.
        tilt_max_deg: the tilt from which on the depth is wrong.
        sources: the source of each of these limits.
    """

    depth_min_mm: float
    depth_max_mm: float
    rain_max_mm: float
    tilt_max_deg: float
    sources: Mapping[str, str] = field(repr=False, compare=False)


_NO_ECHO = Quality.MISSING | Quality.NO_RETURN


def flag_gauge(reading: WaterReading, device: Device, limits: SampleLimits) -> Quality:
    """Return the flags of the sample: no return, blind zone, out of range, tilted.

    Args:
        reading: the sample.
        device: its gauge, with mounting height, blind zone and no-return codes where they are known.
        limits: of its kind of gauge.
    """
    depth_mm, distance_mm = reading.depth_mm, reading.raw_distance_mm
    flags = Quality.NOTHING_FOUND
    if device.no_return_codes and _is_no_return(device, depth_mm, distance_mm):
        flags |= _NO_ECHO  # and no further depth check, because the number is a code
    else:
        if depth_mm is not None and not limits.depth_min_mm <= depth_mm <= (device.depth_max_mm or limits.depth_max_mm):
            flags |= Quality.GROSS_RANGE
        if device.blind_zone_mm and _is_in_blind_zone(depth_mm, distance_mm, device.blind_zone_mm, device.depth_max_mm):
            flags |= Quality.BLIND_ZONE
    if reading.rain_mm is not None and reading.rain_mm > limits.rain_max_mm:
        flags |= Quality.GROSS_RANGE
    if reading.tilt_deg is not None and reading.tilt_deg >= limits.tilt_max_deg:
        flags |= Quality.TILTED
    return flags


def _is_no_return(device: Device, depth_mm: float | None, distance_mm: float | None) -> bool:
    """Return whether the gauge received no echo. A code is one of a distance, and of a depth that no gauge measures.

    Depths up to `DRY_BELOW_MM` are those of a dry street, and never a code. Beside a distance that is none, all depths
    up to the mounting height are measured ones.
    """
    if distance_mm in device.no_return_codes:
        return True
    measured_to_mm = DRY_BELOW_MM if distance_mm is None else device.depth_max_mm or DRY_BELOW_MM
    return depth_mm in device.no_return_codes and not 0 <= depth_mm <= measured_to_mm


def _is_in_blind_zone(
    depth_mm: float | None, distance_mm: float | None, zone_mm: float, height_mm: float | None
) -> bool:
    """Return whether the echo came from within the blind zone, by the distance if it was sent, else by the depth."""
    if distance_mm is not None:
        return distance_mm <= zone_mm
    return depth_mm is not None and height_mm is not None and depth_mm >= height_mm - zone_mm


def wrong_steps(device: Device) -> str:
    """Return why the heights of a switch or of electrodes are not possible; empty if they are."""
    heights = len(device.steps_mm)
    if device.measures is GaugeKind.LEVEL:
        return "steps_mm are for a switch or electrodes; set measures to switch or electrode" if heights else ""
    if device.measures is GaugeKind.SWITCH and heights != 1:
        return f"a switch has one height; steps_mm has {heights}"
    return "" if heights else "electrodes need their heights: give steps_mm, such as 50 150 270"


def wrong_no_return_codes(device: Device) -> list[float]:
    """Return the codes that are distances which the gauge measures, the mounting height above a dry street included."""
    if device.depth_max_mm is None:
        return []  # not surveyed
    return [code for code in device.no_return_codes if (device.blind_zone_mm or 0) < code <= device.depth_max_mm]
