"""Decode a report to water readings. docs/reference/codecs.md lists the field of each element, with reasons."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rencheng.codecs.sl651 import bcd
from rencheng.codecs.sl651.body import BadElement, Cursor, Element, ForeignStation, Mark, read_elements, read_head
from rencheng.codecs.sl651.elements import (
    FIVE_MINUTES_OF_RAIN,
    ONE_MINUTE_OF_RAIN,
    RAIN_CHANNEL,
    STATUS,
    SUPPLY_VOLTAGE,
    TEMPERATURE,
    Function,
    level_channel,
)
from rencheng.codecs.sl651.frames import Report
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading

STATION_DIGITS = 10
"""A device registered under a station's address in full (ten digits) may send frames of that station alone."""

_MINUTE = timedelta(minutes=1)

_Fields = dict[str, Any]
_Found = dict[tuple[datetime, int], _Fields]


def read_report(report: Report, device_id: str) -> tuple[list[WaterReading], list[str]]:
    """Return the readings of a report, and what is wrong with the elements that are rejected.

    Raises:
        ValueError: the report holds no reading.
    """
    if device_id.isdecimal() and len(device_id) == STATION_DIGITS and device_id != report.station:
        raise ValueError(f"the frame is from station {report.station}, and the device is {device_id}")
    cursor = Cursor(report.body)
    sent_at = read_head(cursor)
    if report.function == Function.KEEP_ALIVE:
        return [], []
    if report.function not in set(Function):
        raise ValueError("it carries no readings; 2F and 30 to 34 are supported")
    elements, findings = _elements(cursor, report, sent_at)
    found = _levels_and_rain(elements, findings)
    _add_auxiliary(found, [one for one in elements if one.identifier in _AUXILIARY], report.function, findings)
    if not found:
        present = ", ".join(sorted({f"{element.identifier:02X}" for element in elements})) or "none"
        none = f"no element that is stored (found: {present}); water is 39-43, F5-FC, rain 21, 22, F4"
        raise ValueError(findings[0] if findings else none)
    test = Quality.TEST if report.function == Function.TEST else Quality.NOTHING_FOUND
    return [
        WaterReading(device_id, channel, at, **fields | {"quality": test | fields.get("quality", 0)})
        for (at, channel), fields in found.items()
    ], findings


def _elements(cursor: Cursor, report: Report, sent_at: datetime) -> tuple[list[Element], list[str]]:
    """Return the elements up to the first place from which the body is malformed, and the findings."""
    elements: list[Element] = []
    findings: list[str] = []
    try:
        for one in read_elements(cursor, report.station):
            if isinstance(one, BadElement):
                findings.append(one.detail)
            else:
                elements.append(_sampled(one, report.function, sent_at))
    except ForeignStation:
        raise
    except ValueError as error:
        findings.append(str(error))
    return elements, findings


def _sampled(element: Element, function: int, sent_at: datetime) -> Element:
    """Return an element with its sample time.

    A station sends extra reports as often as the water rises by a step, so several may have one minute of observation.
    The head's time of sending has seconds, and tells them apart. Rain keeps the minute, which belongs to its period.
    """
    if function == Function.EXTRA and element.identifier not in _RAIN and element.at <= sent_at < element.at + _MINUTE:
        return replace(element, at=sent_at)
    return element


def _levels_and_rain(elements: Sequence[Element], findings: list[str]) -> _Found:
    """Return depth and rain by time and channel. An element that contradicts another one rejects both."""
    found: _Found = {}
    contradicted: set[tuple[datetime, int]] = set()
    for element in elements:
        try:
            key, fields = _depth_or_rain(element)
        except ValueError as error:
            findings.append(str(error))
            continue
        if key is None or key in contradicted:
            continue
        if found.setdefault(key, fields) != fields:
            del found[key]
            contradicted.add(key)
            findings.append(
                f"element {element.identifier:02X} occurs twice for {element.at.isoformat()} with different values"
            )
    return found


def _depth_or_rain(element: Element) -> tuple[tuple[datetime, int] | None, _Fields]:
    """Return the key and field of an element; no key for another element, or for unknown rain, which is not dry."""
    channel = level_channel(element.identifier)
    if channel is not None:
        depth_mm = _depth_mm(element)
        return (element.at, channel), {"depth_mm": depth_mm} if depth_mm is not None else {"quality": Quality.MISSING}
    if element.identifier not in _RAIN or (rain_mm := _rain_mm(element)) is None:
        return None, {}
    channel = ONE_MINUTE_OF_RAIN if element.identifier == ONE_MINUTE_OF_RAIN else RAIN_CHANNEL
    return (element.at, channel), {"rain_mm": rain_mm}


def _depth_mm(element: Element) -> float | None:
    if Mark.LEVEL_SERIES <= element.identifier <= Mark.LEVEL_SERIES_LAST:
        return None if element.data == b"\xff\xff" else int.from_bytes(element.data) * 10.0  # centimetres
    return bcd.number(element.data, element.decimals, scale=1000)  # metres


def _rain_mm(element: Element) -> float | None:
    if element.identifier == Mark.RAIN_SERIES:
        return None if element.data == b"\xff" else element.data[0] / 10
    rain_mm = bcd.number(element.data, element.decimals)
    if rain_mm is not None and rain_mm < 0:
        raise ValueError(f"element {element.identifier:02X}: {rain_mm} mm of rain")
    return rain_mm


_RAIN = frozenset({FIVE_MINUTES_OF_RAIN, Mark.RAIN_SERIES, ONE_MINUTE_OF_RAIN})
_AUXILIARY = {SUPPLY_VOLTAGE: "battery_v", TEMPERATURE: "temperature_c", STATUS: "error_flags"}


def _add_auxiliary(found: _Found, auxiliary: Sequence[Element], function: int, findings: list[str]) -> None:
    """Add auxiliary elements to a water level of the same time. Rain and an hour's series get none."""
    by_time: dict[datetime, _Fields] = {}
    for element in auxiliary:
        try:
            by_time.setdefault(element.at, {})[_AUXILIARY[element.identifier]] = _auxiliary_value(element)
        except ValueError as error:
            findings.append(f"element {element.identifier:02X}: {error}")
    mode = {"mode": "alarm"} if function == Function.EXTRA else {}
    for (at, channel), fields in found.items():
        if channel < Mark.RAIN_SERIES and "rain_mm" not in fields:
            fields.update(mode | by_time.get(at, {}))


def _auxiliary_value(element: Element) -> float | None:
    if element.identifier == STATUS:
        return int.from_bytes(element.data) & 0x7FFF_FFFF
    return bcd.number(element.data, element.decimals)
