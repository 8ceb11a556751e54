"""Check a charger's meter value by itself. The result is flags; a check never deletes a value or changes it."""

from rencheng.domain.meter import sampled_value
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue

CHARGE_MAX_PCT = 100.0

_NOT_NEGATIVE = frozenset({Measurand.ENERGY_KWH, Measurand.SOC_PCT})
"""A register counts up from 0, so -1 Wh or -1 % is a word for "unknown"."""


def flag_meter_value(reading: MeterValue) -> Quality:
    """Return `GROSS_RANGE` for a value that its measurand cannot have."""
    value = reading.value
    if value is None or 0 <= value <= CHARGE_MAX_PCT:  # nearly all values end here
        return Quality.NOTHING_FOUND
    measurand = sampled_value(reading.measurand).measurand
    if (value < 0 and measurand in _NOT_NEGATIVE) or (value > CHARGE_MAX_PCT and measurand == Measurand.SOC_PCT):
        return Quality.GROSS_RANGE
    return Quality.NOTHING_FOUND
