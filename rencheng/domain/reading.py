"""The readings of the three kinds of devices, each with a natural key by which a repetition is recognised."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.domain.quality import Quality


@dataclass(slots=True)
class WaterReading:
    """A sample of a waterlogging monitor. Key: device, channel, time.

    `depth_mm` is the water above the point below the sensor, None if the device could not measure.
    `rain_mm` is the rain since the monitor's previous report.
    """

    device_id: str
    channel: int
    time: datetime
    depth_mm: float | None = None
    rain_mm: float | None = None
    raw_distance_mm: float | None = None
    mode: str | None = None
    battery_v: float | None = None
    rssi_dbm: float | None = None
    snr_db: float | None = None
    tilt_deg: float | None = None
    temperature_c: float | None = None
    sequence: int | None = None
    error_flags: int | None = None
    quality: Quality = Quality.NOTHING_FOUND


@dataclass(slots=True)
class SignalEvent:
    """One event of a signal controller. Key: device, time, event_id, parameter.

    `event_id` and `parameter` as in the Indiana hi-resolution data logger enumerations: 1 phase begins green,
    82 detector on, and so on; `parameter` is the phase or the detector, or a value.
    """

    device_id: str
    time: datetime
    event_id: int
    parameter: int
    quality: Quality = Quality.NOTHING_FOUND


class Measurand(StrEnum):
    """The quantity of a charger's meter value: a measurand of OCPP, with the unit in which it is stored."""

    ENERGY_KWH = "energy_kwh"
    """Energy.Active.Import.Register."""
    POWER_KW = "power_kw"
    """Power.Active.Import."""
    CURRENT_A = "current_a"
    """Current.Import."""
    VOLTAGE_V = "voltage_v"
    """Voltage."""
    SOC_PCT = "soc_pct"
    """SoC, the battery's charge."""
    TEMPERATURE_C = "temperature_c"
    """Temperature."""
    LEAKAGE_MA = "leakage_ma"
    """Residual current; no standard measurand. Rising in rain it hints at water."""
    STATUS = "status"
    """StatusNotification: `status` and `error_code` are set, `value` is not."""


@dataclass(slots=True)
class MeterValue:
    """One meter value or connector state of a charger. Key: device, connector, transaction, time, measurand.

    `transaction_id` is empty outside a charging transaction. `value` is in the unit that the measurand names.
    `measurand` is a `Measurand`, with its phase, location and context where they were sent (`rencheng.domain.meter`).
    """

    device_id: str
    connector_id: int
    transaction_id: str
    time: datetime
    measurand: str
    value: float | None = None
    status: str | None = None
    error_code: str | None = None
    quality: Quality = Quality.NOTHING_FOUND


Reading = WaterReading | SignalEvent | MeterValue


def flag(reading: Reading, flags: Quality) -> None:
    """Add flags to a reading, in place: a copy takes twenty times as long, and a buffered upload flags each reading."""
    before = reading.quality
    reading.quality = flags if before is Quality.NOTHING_FOUND else before | flags
