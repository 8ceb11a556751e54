"""What is no water and looks like it, after FloodNet's taxonomy (domain reference 4.2). Pure, from a seeded generator.

An artefact is a list of depths, one for each step of the sensor; None where it says that it could not measure. The
depths are those of things: from a shoe (50 mm) to a car (1,500 mm), log-uniform, because nobody has counted them.
Left out are snow, which does rise and which FloodNet sorts out by season and temperature, and tilt, which makes the
street look lower (42 mm at 10 degrees), never wetter.

How many of them a rule falls for depends on how often each kind and height comes, which no source says: least squares
warns on 71 % of these, on all of the webs and none of the drift (63 % is told of it elsewhere, of an unknown mixture).
So results are given by kind.
"""

import math
import random
from collections.abc import Callable

THING_MIN_MM, THING_MAX_MM = 50.0, 1500.0
MOUNTED_MM = 2700.0
"""How high a sensor hangs. Source: FloodNet, domain reference 4.2 (tilt)."""

BLIND_ZONE_MM = 300.0
"""What sits nearer than this (a web, a branch) is read as 300 mm of distance. Source: the same table."""

NO_RETURN_MM = (5000.0, 9999.0)
"""Distances by which a sensor says that nothing came back. Source: the same table."""

RIPPLE_SHARE = 0.02
"""A flat top varies by less than a twentieth of its jump. Source: the same table, FloodNet's rule for a box."""

STEEP_MM = 127.0
"""From one sample to the next: five inches a minute. Source: the same table. What rises more slowly may be water."""

KERB_MM = (80.0, 200.0)
"""The two surfaces of a footprint that is half on the pavement."""

DRIFT_MM = (15.0, 45.0)
"""What sun on the housing makes of a dry street. The table gives no figure; the nightly median that takes it out must
fit under blue (50 mm), or every street would be warned of on every fine day."""

Depth = float | None
Depths = list[Depth]


def blip(dice: random.Random) -> Depths:
    """One sample: an animal, a person, a vehicle."""
    return [_thing(dice)]


def pulse_chain(dice: random.Random) -> Depths:
    """Up and down by turns for 5 to 60 samples: parked bicycles, grass, half a wheel in the beam."""
    top = _thing(dice)
    return [top * dice.uniform(0.6, 1.0) if dice.random() < 0.5 else 0.0 for _ in range(dice.randint(5, 60))]  # noqa: PLR2004


def box(dice: random.Random) -> Depths:
    """Up at once, flat for 10 to 180 samples, down at once: a parked car, a bin, a table."""
    top = _thing(dice)
    return [_ripple(dice, top) for _ in range(dice.randint(10, 180))]


def steep_object(dice: random.Random) -> Depths:
    """Up within two to five samples, steeper than FloodNet lets pass, and down in as many: a heap, tipped and taken."""
    top = _thing(dice, 2 * STEEP_MM)
    steps = dice.randint(2, min(5, int(top // STEEP_MM)))
    up = [top * step / steps for step in range(1, steps + 1)]
    return [*up, *(_ripple(dice, top) for _ in range(dice.randint(3, 40))), *reversed(up)]


def spider(dice: random.Random) -> Depths:
    """A web or a branch within the blind zone: 300 mm of distance for an hour to three, with holes at the edges."""
    nearly_mm = MOUNTED_MM - BLIND_ZONE_MM
    torn = [nearly_mm if dice.random() < 0.5 else 0.0 for _ in range(dice.randint(0, 12))]  # noqa: PLR2004
    return [*torn, *[nearly_mm] * dice.randint(60, 180), *torn]


def broken(dice: random.Random) -> Depths:
    """0 mm of distance for an hour to three: a break, a short circuit."""
    return [MOUNTED_MM] * dice.randint(60, 180)


def no_return(dice: random.Random) -> Depths:
    """Nothing, or a code for nothing, among true values: weeds, dirt, a hanging wire."""
    code_mm = MOUNTED_MM - dice.choice(NO_RETURN_MM)
    lost_share = dice.uniform(0.3, 1.0)
    return [0.0 if dice.random() >= lost_share else dice.choice((None, code_mm)) for _ in range(dice.randint(10, 180))]


def drift(dice: random.Random) -> Depths:
    """Slowly up and down again through three hours: the sun on the housing."""
    top, samples = dice.uniform(*DRIFT_MM) * dice.choice((1, 1, -1)), dice.randint(120, 180)
    return [top * math.sin(math.pi * (at + 1) / (samples + 1)) + dice.gauss(0, 2) for at in range(samples)]


def two_surfaces(dice: random.Random) -> Depths:
    """Now the road, now the kerb, in runs of any length: a footprint that takes in both."""
    kerb_mm, stays_share = dice.uniform(*KERB_MM), dice.uniform(0.5, 0.95)
    depths: Depths = []
    is_kerb = True
    for _ in range(dice.randint(20, 180)):
        depths.append(_ripple(dice, kerb_mm) if is_kerb else 0.0)
        is_kerb = is_kerb if dice.random() < stays_share else not is_kerb
    return depths


KINDS: dict[str, Callable[[random.Random], Depths]] = {
    "blip": blip,
    "pulse chain": pulse_chain,
    "box": box,
    "steep object": steep_object,
    "spider": spider,
    "broken": broken,
    "no return": no_return,
    "drift": drift,
    "two surfaces": two_surfaces,
}


def _thing(dice: random.Random, least_mm: float = THING_MIN_MM) -> float:
    return math.exp(dice.uniform(math.log(least_mm), math.log(THING_MAX_MM)))


def _ripple(dice: random.Random, top_mm: float) -> float:
    return top_mm * (1 + dice.uniform(-RIPPLE_SHARE, RIPPLE_SHARE))
