"""Encode a water reading as a report of one frame."""

from datetime import timedelta

from rencheng.codecs.sl651 import bcd
from rencheng.codecs.sl651.body import Mark
from rencheng.codecs.sl651.crc import crc16
from rencheng.codecs.sl651.elements import (
    FIVE_MINUTES_OF_RAIN,
    LEVEL,
    LEVEL_LAST,
    ONE_MINUTE_OF_RAIN,
    RAIN_CHANNEL,
    STATUS,
    SUPPLY_VOLTAGE,
    TEMPERATURE,
    Function,
)
from rencheng.codecs.sl651.frames import Control
from rencheng.codecs.sl651.parts import START
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Reading, WaterReading

_CENTRE = 1
_PASSWORD = bytes(2)
_SERIAL = (1).to_bytes(2)
_RIVER_CLASS = b"\x48"
_NO_ADDRESS = "0000000000"
_WITHOUT_ELEMENT = ("raw_distance_mm", "rssi_dbm", "snr_db", "tilt_deg", "sequence")


def write_report(reading: Reading) -> bytes:
    """Return one reading as a frame: 33 in alarm mode, 30 for a test, else 32. Only 33 has a time with seconds.

    Raises:
        ValueError: SL 651 cannot express the reading: another kind, a channel without an element, a finer value, …
    """
    if not isinstance(reading, WaterReading):
        raise ValueError("SL 651 is for water alone")  # noqa: TRY004 - not expressible, as all below
    for name in _WITHOUT_ELEMENT:
        if getattr(reading, name) is not None:
            raise ValueError(f"SL 651 has no element for {name}")
    station = bytes.fromhex(reading.device_id if _is_address(reading.device_id) else _NO_ADDRESS)
    function = _function(reading)
    seconds = reading.time.second if function is Function.EXTRA and reading.rain_mm is None else 0
    minute = bcd.pack_time(reading.time - timedelta(seconds=seconds))
    head = (
        _SERIAL
        + minute
        + bcd.pack(seconds, 1)
        + bytes([Mark.STATION] * 2)
        + station
        + _RIVER_CLASS
        + bytes([Mark.TIME] * 2)
        + minute
    )
    body = head + _elements(reading)
    length = len(body).to_bytes(2)
    frame = START + bytes([_CENTRE]) + station + _PASSWORD + bytes([function]) + length
    frame += bytes([Control.STX]) + body + bytes([Control.ETX])
    return frame + crc16(frame).to_bytes(2)


def _is_address(device_id: str) -> bool:
    return device_id.isdecimal() and device_id.isascii() and len(device_id) == len(_NO_ADDRESS)


def _function(reading: WaterReading) -> Function:
    if Quality.TEST in reading.quality:
        return Function.TEST
    return Function.EXTRA if reading.mode == "alarm" else Function.SCHEDULED


def _elements(reading: WaterReading) -> bytes:
    if reading.rain_mm is not None:
        if reading.channel not in {RAIN_CHANNEL, ONE_MINUTE_OF_RAIN} or reading.depth_mm is not None:
            raise ValueError("rain has a channel of its own in SL 651")
        rain = ONE_MINUTE_OF_RAIN if reading.channel == ONE_MINUTE_OF_RAIN else FIVE_MINUTES_OF_RAIN
        return _element(rain, reading.rain_mm, size=3, decimals=1)
    identifier = reading.channel or LEVEL
    if not LEVEL <= identifier <= LEVEL_LAST or reading.channel == LEVEL:
        raise ValueError(f"channel {reading.channel} is not a water level of SL 651")
    depth_m = None if reading.depth_mm is None else reading.depth_mm / 1000
    data = _element(identifier, depth_m, size=4, decimals=3)
    if reading.temperature_c is not None:
        data += _element(TEMPERATURE, reading.temperature_c, size=3, decimals=1)
    if reading.error_flags is not None:
        data += bytes([STATUS, 4 << 3]) + reading.error_flags.to_bytes(4)
    if reading.battery_v is not None:
        data += _element(SUPPLY_VOLTAGE, reading.battery_v, size=2, decimals=2)
    return data


def _element(identifier: int, value: float | None, *, size: int, decimals: int) -> bytes:
    form = bytes([identifier, size << 3 | decimals])
    if value is None:
        return form + b"\xff" * size
    scaled = round(value * 10**decimals)
    if abs(scaled / 10**decimals - value) > 1e-9 * max(1, abs(value)):
        raise ValueError(f"{value} has more than {decimals} decimals")
    return form + bcd.pack(scaled, size)
