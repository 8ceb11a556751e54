"""What is no water and looks like it, after FloodNet's taxonomy (domain reference 4.2). Pure, from a seeded generator.

The depths are those of things: from a shoe (50 mm) to a car (1,500 mm), log-uniform, because nobody has counted them.
"""

import math
import random
from collections.abc import Callable

THING_MIN_MM, THING_MAX_MM = 50.0, 1500.0
MOUNTED_MM = 2700.0
"""How high a sensor hangs. Source: FloodNet, domain reference 4.2 (tilt)."""

BLIND_ZONE_MM = 300.0
"""What sits nearer than this (a web, a branch) is read as 300 mm of distance. Source: the same table."""

RIPPLE_SHARE = 0.02
"""A flat top varies by less than a twentieth of its jump. Source: the same table, FloodNet's rule for a box."""

Depths = list[float]


def blip(dice: random.Random) -> Depths:
    """One sample: an animal, a person, a vehicle."""
    return [_thing(dice)]


def pulse_chain(dice: random.Random) -> Depths:
    """Up and down by turns for 5 to 60 samples: parked bicycles, grass, half a kerb in the beam."""
    top = _thing(dice)
    return [top * dice.uniform(0.6, 1.0) if dice.random() < 0.5 else 0.0 for _ in range(dice.randint(5, 60))]  # noqa: PLR2004


def box(dice: random.Random) -> Depths:
    """Up at once, flat for 10 to 180 samples, down at once: a parked car, a bin, a table."""
    top = _thing(dice)
    return [_ripple(dice, top) for _ in range(dice.randint(10, 180))]


def steep_object(dice: random.Random) -> Depths:
    """Up within two to four samples, down in as many: a heap tipped under the sensor and taken away."""
    top, steps = _thing(dice), dice.randint(2, 4)
    up = [top * (step + 1) / (steps + 1) for step in range(steps)]
    return [*up, *(_ripple(dice, top) for _ in range(dice.randint(3, 40))), *reversed(up)]


def stuck(dice: random.Random) -> Depths:
    """The same distance for 60 to 180 samples: a broken sensor (0 mm) or a web in the blind zone (300 mm)."""
    depth_mm = MOUNTED_MM - dice.choice([0.0, BLIND_ZONE_MM])
    return [depth_mm] * dice.randint(60, 180)


KINDS: dict[str, Callable[[random.Random], Depths]] = {
    "blip": blip,
    "pulse chain": pulse_chain,
    "box": box,
    "steep object": steep_object,
    "stuck": stuck,
}


def _thing(dice: random.Random) -> float:
    return math.exp(dice.uniform(math.log(THING_MIN_MM), math.log(THING_MAX_MM)))


def _ripple(dice: random.Random, top_mm: float) -> float:
    return top_mm * (1 + dice.uniform(-RIPPLE_SHARE, RIPPLE_SHARE))
