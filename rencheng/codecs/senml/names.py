"""The meaning of a SenML name and its unit. Device vendors find it in docs/reference/codecs.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rencheng.codecs.senml.records import BadRecord, Record
from rencheng.domain.kind import Kind
from rencheng.domain.meter import MeterContext, MeterLocation, Phase
from rencheng.domain.reading import Measurand

MISSING = "missing"
"""The text value of `depth` when the device could not measure, because SenML has no null."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a name.

    Attributes:
        target: the field of a payload, or the measurand.
        units: the factor for a value in each unit, the stored unit first; None for a text.
    """

    target: str
    units: Mapping[str, float] | None


_COUNT = {"": 1, "count": 1}
_LENGTH = {"mm": 1, "cm": 10, "m": 1000}
_WATER = {
    "depth": Meaning("depth_mm", _LENGTH),
    "rain": Meaning("rain_mm", _LENGTH),
    "distance": Meaning("raw_distance_mm", _LENGTH),
    "battery": Meaning("battery_v", {"V": 1, "mV": 0.001}),
    "rssi": Meaning("rssi_dbm", {"dBm": 1}),
    "snr": Meaning("snr_db", {"dB": 1}),
    "tilt": Meaning("tilt_deg", {"deg": 1}),
    "temperature": Meaning("temperature_c", {"Cel": 1}),
    "sequence": Meaning("sequence", _COUNT),
    "errors": Meaning("error_flags", _COUNT),
    "mode": Meaning("mode", None),
}
_CHARGER = {
    "energy": Meaning(Measurand.ENERGY_KWH, {"kWh": 1, "Wh": 0.001, "J": 1 / 3.6e6}),
    "power": Meaning(Measurand.POWER_KW, {"kW": 1, "W": 0.001}),
    "current": Meaning(Measurand.CURRENT_A, {"A": 1, "mA": 0.001}),
    "voltage": Meaning(Measurand.VOLTAGE_V, {"V": 1, "mV": 0.001}),
    "soc": Meaning(Measurand.SOC_PCT, {"%EL": 1, "%": 1, "/": 100}),
    "temperature": Meaning(Measurand.TEMPERATURE_C, {"Cel": 1}),
    "leakage": Meaning(Measurand.LEAKAGE_MA, {"mA": 1, "A": 1000}),
    "status": Meaning(Measurand.STATUS, None),
    "error": Meaning("error_code", None),
}
NAMES: dict[Kind, dict[str, Meaning]] = {Kind.WATERLOGGING: _WATER, Kind.CHARGING: _CHARGER, Kind.SIGNAL: {}}

_QUALIFIERS = {
    "phase": frozenset(Phase),
    "location": frozenset(MeterLocation),
    "context": frozenset(MeterContext),
}
_STEPS = re.compile(r"[/:]")
_CHANNEL, _CONNECTOR, _EVENT = (
    re.compile(r"ch([0-9]{1,5})"),
    re.compile(r"c([0-9]{1,5})"),
    re.compile(r"event([0-9]{1,5})"),
)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field of a reading. `part` separates readings of one time: by channel, connector and so on."""

    part: tuple[object, ...]
    common: dict[str, object]
    name: str
    value: object


def interpret(kind: Kind, record: Record) -> FieldValue:
    """Return the field that a record holds. Only the last steps of its name count, because the topic names the device.

    Raises:
        BadRecord: a name, unit or value without a meaning here.
    """
    steps = _STEPS.split(record.name)
    if kind is Kind.SIGNAL:
        return _event(steps[-1], record)
    meaning = NAMES[kind].get(steps[-1])
    if meaning is None:
        raise BadRecord(f"{record.name!r} ends in none of {', '.join(NAMES[kind])}")
    value = _converted(meaning, record)
    return (
        _charger_field(steps[:-1], meaning, value)
        if kind is Kind.CHARGING
        else _gauge_field(steps[:-1], meaning, value)
    )


def _gauge_field(steps: list[str], meaning: Meaning, value: object) -> FieldValue:
    numbered = _CHANNEL.fullmatch(steps[-1]) if steps else None
    channel = int(numbered[1]) if numbered else 0
    return FieldValue((channel,), {"channel": channel}, meaning.target, value)


def _charger_field(steps: list[str], meaning: Meaning, value: object) -> FieldValue:
    transaction = ""
    steps, qualifiers = _qualifiers(steps)
    if len(steps) > 2 and steps[-2] == "tx":  # noqa: PLR2004 - c1/tx/T7
        transaction, steps = steps[-1], steps[:-2]
    connector = _CONNECTOR.fullmatch(steps[-1]) if steps else None
    if connector is None:
        raise BadRecord("a charger's record names its connector: c1/power, or c1/tx/T7/energy")
    is_status = meaning.target in {Measurand.STATUS, "error_code"}
    measurand = Measurand.STATUS if is_status else Measurand(meaning.target)
    common = {
        "connector_id": int(connector[1]),
        "transaction_id": transaction,
        "measurand": measurand,
        **qualifiers,
    }
    name = "error_code" if meaning.target == "error_code" else "status" if is_status else "value"
    return FieldValue(tuple(common.values()), common, name, value)


def _qualifiers(steps: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the steps before those that name a phase, location or context, and these by their fields."""
    found: dict[str, str] = {}
    while steps and not (len(steps) > 1 and steps[-2] == "tx"):
        name = next((name for name, words in _QUALIFIERS.items() if steps[-1] in words and name not in found), None)
        if name is None:
            break
        found[name] = steps[-1]
        steps = steps[:-1]
    return steps, found


def _event(step: str, record: Record) -> FieldValue:
    event = _EVENT.fullmatch(step)
    if event is None:
        raise BadRecord(f"{record.name!r} does not end in event and its number, such as event82")
    if isinstance(record.value, bool) or not isinstance(record.value, int):
        raise BadRecord("an event's value is its parameter, a whole number")
    if record.unit not in {"", "count"}:
        raise BadRecord(f"an event's parameter has no unit {record.unit!r}")
    return FieldValue((event[1], record.value), {"event_id": int(event[1])}, "parameter", record.value)


def _converted(meaning: Meaning, record: Record) -> object:
    if meaning.target == "depth_mm" and record.value == MISSING:
        return None
    if meaning.units is None:
        if not isinstance(record.value, str):
            raise BadRecord(f"{record.name!r} needs a text (vs)")
        return record.value
    if isinstance(record.value, bool | str):
        raise BadRecord(f"{record.name!r} needs a number (v)")
    if record.unit not in meaning.units:
        given = f"not {record.unit!r}" if record.unit else "and has none"
        raise BadRecord(f"{record.name!r} has one of the units {', '.join(filter(None, meaning.units))}, {given}")
    factor = meaning.units[record.unit]
    return record.value if factor == 1 else record.value * factor
