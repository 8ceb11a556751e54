"""Encode readings as the records of a pack, each value in its stored unit."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rencheng.codecs.senml.names import MISSING, NAMES, Meaning
from rencheng.codecs.senml.records import EPOCH, RELATIVE_BELOW_S
from rencheng.domain.kind import Kind
from rencheng.domain.meter import sampled_value
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, Reading, SignalEvent, WaterReading

_TRANSACTION = re.compile(r"[A-Za-z0-9._\-]+")
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


def as_records(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """Return one record for each field that is set. The first one carries the base name and base time.

    Raises:
        ValueError: a transaction whose name SenML does not allow, or a time before mid-1978.
    """
    base_s = (readings[0].time - EPOCH) // _SECOND
    records: list[dict[str, Any]] = []
    for reading in readings:
        if (reading.time - EPOCH) / _SECOND < RELATIVE_BELOW_S:
            raise ValueError(f"SenML reads {reading.time.isoformat()} as a time relative to now")
        offset = (reading.time - EPOCH) - base_s * _SECOND
        at = {"t": offset / _MICROSECOND / 1e6} if offset else {}
        records += [record | at for record in _records(reading)]
    return [{"bn": f"{readings[0].device_id}/", "bt": base_s} | records[0], *records[1:]]


def _records(reading: Reading) -> list[dict[str, Any]]:
    if isinstance(reading, SignalEvent):
        return [{"n": f"event{reading.event_id}", "v": reading.parameter}]
    if isinstance(reading, MeterValue):
        return _charger_records(reading)
    return _gauge_records(reading)


def _gauge_records(reading: WaterReading) -> list[dict[str, Any]]:
    prefix = f"ch{reading.channel}/" if reading.channel else ""
    records = [
        _record(prefix + name, meaning, getattr(reading, meaning.target))
        for name, meaning in NAMES[Kind.WATERLOGGING].items()
        if getattr(reading, meaning.target) is not None
    ]
    if Quality.MISSING in reading.quality:
        records.append({"n": f"{prefix}depth", "vs": MISSING})
    return records


def _charger_records(reading: MeterValue) -> list[dict[str, Any]]:
    prefix = f"c{reading.connector_id}/"
    if reading.transaction_id:
        if not _TRANSACTION.fullmatch(reading.transaction_id):
            raise ValueError(f"transaction {reading.transaction_id!r} is not allowed in a SenML name")
        prefix += f"tx/{reading.transaction_id}/"
    if reading.measurand is Measurand.STATUS:
        error = [{"n": f"{prefix}error", "vs": reading.error_code}] if reading.error_code is not None else []
        return [{"n": f"{prefix}status", "vs": reading.status}, *error]
    measurand, *qualifiers = sampled_value(reading.measurand)
    prefix += "".join(f"{one}/" for one in qualifiers if one is not None)
    name, meaning = next(
        (name, meaning) for name, meaning in NAMES[Kind.CHARGING].items() if meaning.target == measurand
    )
    return [_record(prefix + name, meaning, reading.value)]


def _record(name: str, meaning: Meaning, value: object) -> dict[str, Any]:
    if meaning.units is None:
        return {"n": name, "vs": value}
    unit = next(iter(meaning.units))
    return {"n": name, "v": value} | ({"u": unit} if unit else {})
