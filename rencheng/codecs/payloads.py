"""The JSON form of the three kinds of reading: the specification for device vendors.

Unknown fields are rejected: if `depth_cm` were ignored as an extra field, a flood would go unnoticed.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from rencheng.codecs.times import time_of_text
from rencheng.domain.meter import MeterContext, MeterLocation, Phase, sampled_name
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent, WaterReading

_Text = Annotated[str, StringConstraints(max_length=64, pattern=r"^[\x20-\x7e]*$")]


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999 in UTC") from None


def _parsed(value: object) -> object:
    return time_of_text(value) if isinstance(value, str) else value


_Time = Annotated[AwareDatetime, BeforeValidator(_parsed), AfterValidator(_in_utc)]
_Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    time: _Time = Field(
        description="When the device took the sample: ISO 8601 with offset.",
        examples=["2026-07-20T16:05:00+08:00"],
    )


class WaterPayload(_Payload):
    """A waterlogging monitor's reading. `depth_mm: null` means that it could not measure; omit it for rain only."""

    depth_mm: _Finite | None = Field(None, description="Water above the point below the sensor, mm.", examples=[152.0])
    rain_mm: Annotated[_Finite, Field(ge=0)] | None = Field(None, description="Rain since the last report, mm.")
    raw_distance_mm: _Finite | None = Field(None, description="Distance sensor to surface as measured, mm.")
    mode: Literal["normal", "alarm"] | None = Field(None, description="Reporting mode: alarm reports more often.")
    battery_v: _Finite | None = None
    rssi_dbm: _Finite | None = None
    snr_db: _Finite | None = None
    tilt_deg: Annotated[_Finite, Field(ge=0, le=180)] | None = None
    temperature_c: _Finite | None = None
    sequence: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    error_flags: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    channel: Annotated[int, Field(ge=0, lt=2**15)] = Field(0, description="Which probe, for a monitor with several.")

    @model_validator(mode="after")
    def _has_a_value(self) -> "WaterPayload":
        if not {"depth_mm", "rain_mm"} & self.model_fields_set:
            raise ValueError("a reading needs depth_mm (null if it could not be measured) or rain_mm")
        return self

    def reading(self, device_id: str) -> WaterReading:
        """Return the reading."""
        return WaterReading(
            device_id=device_id,
            channel=self.channel,
            time=self.time,
            depth_mm=self.depth_mm,
            rain_mm=self.rain_mm,
            raw_distance_mm=self.raw_distance_mm,
            mode=self.mode,
            battery_v=self.battery_v,
            rssi_dbm=self.rssi_dbm,
            snr_db=self.snr_db,
            tilt_deg=self.tilt_deg,
            temperature_c=self.temperature_c,
            sequence=self.sequence,
            error_flags=self.error_flags,
            quality=Quality.MISSING if self._could_not_measure else Quality.NOTHING_FOUND,
        )

    @property
    def _could_not_measure(self) -> bool:
        return self.depth_mm is None and "depth_mm" in self.model_fields_set


class SignalPayload(_Payload):
    """One event of a signal controller, numbered as in the Indiana hi-resolution data logger enumerations."""

    event_id: Annotated[int, Field(ge=0, lt=2**15)] = Field(description="The event: 1 phase begins green, …")
    parameter: Annotated[int, Field(ge=0, lt=2**31)] = Field(description="The phase, the detector, or a value.")

    def reading(self, device_id: str) -> SignalEvent:
        """Return the event."""
        return SignalEvent(device_id, self.time, self.event_id, self.parameter)


class ChargingPayload(_Payload):
    """One meter value of a charger; with measurand `status` a connector's state in the terms of OCPP."""

    connector_id: Annotated[int, Field(ge=0, lt=2**15)]
    transaction_id: _Text = Field("", description="The charging transaction; empty outside one.")
    # lax, because a measurand is sent as text
    measurand: Annotated[Measurand, Field(strict=False)]
    value: _Finite | None = Field(None, description="In the unit that the measurand names.")
    status: _Text | None = None
    error_code: _Text | None = None
    # lax, because these words are sent as text
    phase: Annotated[Phase | None, Field(strict=False)] = Field(
        None, description="The phase of the value; without it the value is that of all phases."
    )
    location: Annotated[MeterLocation | None, Field(strict=False)] = Field(
        None, description="Where it was sampled; Outlet if omitted."
    )
    context: Annotated[MeterContext | None, Field(strict=False)] = Field(
        None, description="Why it was sampled; Sample.Periodic if omitted."
    )

    @model_validator(mode="after")
    def _is_a_value_or_a_status(self) -> "ChargingPayload":
        if self.measurand is Measurand.STATUS:
            if self.status is None or self.value is not None:
                raise ValueError("measurand status needs status and takes no value")
            if self.phase is not None or self.location is not None or self.context is not None:
                raise ValueError("measurand status takes no phase, location or context")
        elif self.value is None or self.status is not None or self.error_code is not None:
            raise ValueError(f"measurand {self.measurand} needs value and takes neither status nor error_code")
        return self

    def reading(self, device_id: str) -> MeterValue:
        """Return the meter value."""
        return MeterValue(
            device_id=device_id,
            connector_id=self.connector_id,
            transaction_id=self.transaction_id,
            time=self.time,
            measurand=sampled_name(self.measurand, self.phase, self.location, self.context),
            value=self.value,
            status=self.status,
            error_code=self.error_code,
        )


class StatePayload(BaseModel):
    """The retained message on a device's `state` topic: online from the device, offline from its last will."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Literal["online", "offline"]
    time: datetime | None = Field(None, description="When the device wrote it; a last will is written at connecting.")
