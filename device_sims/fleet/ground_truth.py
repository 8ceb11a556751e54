"""The values that a fleet's devices measure: simple floods, signal phases and charging sessions. No I/O."""

import math
from dataclasses import dataclass
from random import Random

from rencheng.domain.reading import Measurand

PHASE_EVENTS = (1, 7, 8, 9, 10, 11, 82, 81)
"""Green begin and end, yellow, red clearance, detector on and off. Source: Indiana hi-resolution data logger."""

SESSION_STEPS = 180
"""Meter values per charging session: half an hour at one per 10 s."""

SPIKE_MM = 12_000.0
"""The depth of a spiking gauge: more than it can measure."""

SPIKE_EVERY = 20


@dataclass(frozen=True, slots=True)
class SyntheticFlood:
    """Ponding at a gauge: a linear rise to the peak, then an exponential recession."""

    starts_s: float
    rise_s: float
    fall_s: float
    peak_mm: float

    def depth_mm(self, at_s: float) -> float:
        """Return the depth at a second of the fleet's time, mm."""
        since_s = at_s - self.starts_s
        if since_s <= 0:
            return 0.0
        if since_s < self.rise_s:
            return self.peak_mm * since_s / self.rise_s
        return self.peak_mm * math.exp((self.rise_s - since_s) / self.fall_s)


def random_flood(rng: Random) -> SyntheticFlood:
    """Return a flood like those of inland sensors.

    It rises for 2 to 20 minutes and recedes more slowly. Source: FloodNet's recorded events.
    """
    return SyntheticFlood(rng.uniform(0, 1800), rng.uniform(120, 1200), rng.uniform(600, 3600), rng.uniform(20, 400))


def signal_event(number: int, step: int) -> tuple[int, int]:
    """Return (event id, parameter) of a controller's n-th message."""
    return PHASE_EVENTS[step % len(PHASE_EVENTS)], 1 + (number + step // len(PHASE_EVENTS)) % 8


def meter_value(number: int, step: int) -> tuple[str, Measurand, float]:
    """Return (transaction, measurand, value) of a charger's n-th message: energy and power in turn."""
    session, within = divmod(step, SESSION_STEPS)
    power_kw = 7.0 + (number * 37 + session * 11) % 53
    if within % 2:
        return f"t{session}", Measurand.POWER_KW, power_kw
    return f"t{session}", Measurand.ENERGY_KWH, round(power_kw * within / 360, 3)
