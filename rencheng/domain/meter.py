"""The names of meter values: the measurand, and what distinguishes two sampled values of it (OCPP)."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import product
from typing import NamedTuple


class Phase(StrEnum):
    """The phase of a sampled value (OCPP 1.6 `Phase`, 2.0.1 `PhaseEnumType`). None is the value of all phases."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    N = "N"
    L1_N = "L1-N"
    L2_N = "L2-N"
    L3_N = "L3-N"
    L1_L2 = "L1-L2"
    L2_L3 = "L2-L3"
    L3_L1 = "L3-L1"


class MeterLocation(StrEnum):
    """Where a value was sampled (OCPP 1.6 `Location`, 2.0.1 `LocationEnumType`). None is `Outlet`, the default."""

    BODY = "Body"
    CABLE = "Cable"
    EV = "EV"
    INLET = "Inlet"
    OUTLET = "Outlet"


class MeterContext(StrEnum):
    """Why a value was sampled (OCPP `ReadingContext`). None is `Sample.Periodic`, the default."""

    INTERRUPTION_BEGIN = "Interruption.Begin"
    INTERRUPTION_END = "Interruption.End"
    OTHER = "Other"
    SAMPLE_CLOCK = "Sample.Clock"
    SAMPLE_PERIODIC = "Sample.Periodic"
    TRANSACTION_BEGIN = "Transaction.Begin"
    TRANSACTION_END = "Transaction.End"
    TRIGGER = "Trigger"


_PHASES, _LOCATIONS, _CONTEXTS = frozenset(Phase), frozenset(MeterLocation), frozenset(MeterContext)
_DEFAULTS = (None, MeterLocation.OUTLET, MeterContext.SAMPLE_PERIODIC)


class SampledValue(NamedTuple):
    """A measurand's name with its qualifiers, each None by default."""

    measurand: str
    phase: str | None = None
    location: str | None = None
    context: str | None = None


def sampled_name(measurand: str, phase: str | None, location: str | None, context: str | None) -> str:
    """Return the name under which a value is stored, such as `current_a/L1` or `energy_kwh/Transaction.End`.

    A qualifier that is OCPP's default is left out, because a device may send it or omit it for the same value.
    """
    if phase is None and location is None and context is None:
        return measurand
    qualifiers = zip((phase, location, context), _DEFAULTS, strict=True)
    return "/".join([measurand, *(one for one, default in qualifiers if one is not None and one != default)])


def sampled_value(name: str) -> SampledValue:
    """Return the parts of a stored name. Each part belongs to one set of words only, so the order does not matter."""
    measurand, *rest = name.split("/")
    found = (next((part for part in rest if part in words), None) for words in (_PHASES, _LOCATIONS, _CONTEXTS))
    return SampledValue(measurand, *found)


def sampled_names(
    measurands: Iterable[str],
    *,
    phases: Iterable[str | None] = (None, *Phase),
    locations: Iterable[str | None] = (None, *MeterLocation),
) -> list[str]:
    """Return the stored names of measurands with these phases and locations, in every context."""
    combined = product(measurands, phases, locations, (None, *MeterContext))
    return sorted({sampled_name(*parts) for parts in combined})
