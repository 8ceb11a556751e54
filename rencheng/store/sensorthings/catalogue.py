"""What is observed: the Datastreams that each kind of device has, with units in UCUM."""

from dataclasses import dataclass

from rencheng.domain.kind import Kind
from rencheng.domain.reading import Measurand

MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
CATEGORY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation"


@dataclass(frozen=True, slots=True)
class ObservedStream:
    """What a device of one kind observes.

    Attributes:
        key: the second half of the Datastream's id, unique among the kinds.
        kind: the kind of device.
        column: the column of the readings with the result.
        name_zh: the name in Chinese.
        name_en: the name in English.
        unit_name: the unit in words; empty for a category.
        symbol: the unit in UCUM.
        measurand: the measurand, for meter values.
    """

    key: str
    kind: Kind
    column: str
    name_zh: str
    name_en: str
    unit_name: str
    symbol: str
    measurand: Measurand | None = None

    @property
    def name(self) -> str:
        """The name in both languages."""
        return f"{self.name_zh} {self.name_en}"

    @property
    def observation_type(self) -> str:
        """The type of its observations."""
        return MEASUREMENT if self.symbol else CATEGORY


def _meter(measurand: Measurand, zh: str, en: str, unit: str, symbol: str) -> ObservedStream:
    return ObservedStream(measurand.value, Kind.CHARGING, "value", zh, en, unit, symbol, measurand)


STREAMS = (
    ObservedStream("depth", Kind.WATERLOGGING, "depth_mm", "积水深度", "water depth", "millimetre", "mm"),
    ObservedStream("rain", Kind.WATERLOGGING, "rain_mm", "降雨量", "rainfall of the interval", "millimetre", "mm"),
    ObservedStream("event", Kind.SIGNAL, "event_id", "信号机事件", "event number of the controller", "", ""),
    _meter(Measurand.ENERGY_KWH, "电量", "energy", "kilowatt hour", "kW.h"),
    _meter(Measurand.POWER_KW, "功率", "power", "kilowatt", "kW"),
    _meter(Measurand.CURRENT_A, "电流", "current", "ampere", "A"),
    _meter(Measurand.VOLTAGE_V, "电压", "voltage", "volt", "V"),
    _meter(Measurand.SOC_PCT, "荷电状态", "state of charge", "percent", "%"),
    _meter(Measurand.TEMPERATURE_C, "温度", "temperature", "degree Celsius", "Cel"),
    _meter(Measurand.LEAKAGE_MA, "剩余电流", "residual current", "milliampere", "mA"),
)
"""What is served. States of chargers and values about the devices themselves, such as batteries, are under /v1 only."""

BY_KEY = {stream.key: stream for stream in STREAMS}

DEVICE_NAMES = {
    Kind.WATERLOGGING: "积水监测仪 waterlogging gauge",
    Kind.SIGNAL: "交通信号机 traffic signal controller",
    Kind.CHARGING: "充电桩 charging pile",
}
