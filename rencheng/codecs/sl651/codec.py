"""Decode reports to water readings. docs/reference/codecs.md lists the field of each element, with reasons."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rencheng.codecs.base import BadItem
from rencheng.codecs.items import check_length
from rencheng.codecs.sl651 import bcd
from rencheng.codecs.sl651.body import Cursor, Element, Mark, read_elements, read_head
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
from rencheng.codecs.sl651.frames import Report, read_reports
from rencheng.codecs.sl651.write import write_report
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Reading, WaterReading

STATION_DIGITS = 10
"""A device registered under a station's address in full (ten digits) may send frames of that station alone."""

_Fields = dict[str, Any]


class Sl651Codec:
    """The codec of waterlogging monitors: decodes function codes 2F and 30 to 34, and encodes 30, 32 and 33."""

    def decode(self, kind: Kind, device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        """Decode one frame or several; a bad report is rejected alone. See `Codec.decode`."""
        if kind is not Kind.WATERLOGGING:
            raise Rejected(
                RejectionReason.UNDECODABLE, f"SL 651 is for waterlogging monitors, and the device is of kind {kind}"
            )
        readings: list[Reading] = []
        bad: list[BadItem] = []
        reports = read_reports(payload)
        for report in reports:
            try:
                readings += _readings(report, device_id)
            except ValueError as error:
                position = len(readings) + len(bad)
                bad.append(BadItem(position, RejectionReason.INVALID, f"function code {report.function:02X}: {error}"))
        if any(report.function != Function.KEEP_ALIVE for report in reports):
            check_length([*readings, *bad])
        return readings, bad

    def encode(self, readings: Sequence[Reading]) -> bytes:
        """Encode each reading as a frame.

        Raises:
            ValueError: SL 651 cannot express a reading.
        """
        return b"".join(write_report(reading) for reading in readings)


def _readings(report: Report, device_id: str) -> list[WaterReading]:
    if device_id.isdecimal() and len(device_id) == STATION_DIGITS and device_id != report.station:
        raise ValueError(f"the frame is from station {report.station}, and the device is {device_id}")
    cursor = Cursor(report.body)
    read_head(cursor)
    if report.function == Function.KEEP_ALIVE:
        return []
    if report.function not in set(Function):
        raise ValueError("it carries no readings; 2F and 30 to 34 are supported")
    elements = list(read_elements(cursor, report.station))
    found: dict[tuple[datetime, int], _Fields] = {}
    for element in elements:
        _add(found, element)
    _add_auxiliary(found, [element for element in elements if element.identifier in _AUXILIARY], report.function)
    if not found:
        present = ", ".join(sorted({f"{element.identifier:02X}" for element in elements})) or "none"
        raise ValueError(f"no element that is stored (found: {present}); water is 39-43, F5-FC, rain 21, 22, F4")
    test = Quality.TEST if report.function == Function.TEST else Quality.NOTHING_FOUND
    return [
        WaterReading(device_id, channel, at, **fields | {"quality": test | fields.get("quality", 0)})
        for (at, channel), fields in found.items()
    ]


def _add(found: dict[tuple[datetime, int], _Fields], element: Element) -> None:
    """Add depth or rain, in the channel of its element."""
    channel = level_channel(element.identifier)
    if channel is not None:
        depth_mm = _depth_mm(element)
        fields: _Fields = {"depth_mm": depth_mm} if depth_mm is not None else {"quality": Quality.MISSING}
    elif element.identifier in {FIVE_MINUTES_OF_RAIN, Mark.RAIN_SERIES, ONE_MINUTE_OF_RAIN}:
        channel = ONE_MINUTE_OF_RAIN if element.identifier == ONE_MINUTE_OF_RAIN else RAIN_CHANNEL
        rain_mm = _rain_mm(element)
        if rain_mm is None:
            return  # unknown, which is not the same as dry
        fields = {"rain_mm": rain_mm}
    else:
        return
    if found.setdefault((element.at, channel), fields) != fields:
        raise ValueError(
            f"element {element.identifier:02X} occurs twice for {element.at.isoformat()} with different values"
        )


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


_AUXILIARY = {SUPPLY_VOLTAGE: "battery_v", TEMPERATURE: "temperature_c", STATUS: "error_flags"}


def _add_auxiliary(found: dict[tuple[datetime, int], _Fields], auxiliary: list[Element], function: int) -> None:
    """Add auxiliary elements to a water level of the same time. Rain and an hour's series get none."""
    mode = {"mode": "alarm"} if function == Function.EXTRA else {}
    for (at, channel), fields in found.items():
        if channel >= Mark.RAIN_SERIES or "rain_mm" in fields:
            continue
        fields.update(mode)
        for element in auxiliary:
            if element.at == at:
                if element.identifier == STATUS:
                    fields["error_flags"] = int.from_bytes(element.data) & 0x7FFF_FFFF
                else:
                    fields[_AUXILIARY[element.identifier]] = bcd.number(element.data, element.decimals)
