"""Which warnings came true, and how early. Times are seconds, depths mm.

The rules, with their reasons:

* A **warning** at a level begins when a message reaches the level or a higher one, and ends when one falls below it.
  A warning that continues at another level is the same warning, because it calls nobody out again.
* A **flood** at a level is one recorded event that reaches its threshold; it **crosses** at the first sample at or
  above it, not between two samples, because no method can warn of what was not measured. Waves that cross again
  within the event are the same flood, because the street is closed already.
* A warning **comes true** if a crossing falls between its beginning and its end, or PROMISE_S after its beginning,
  whichever is later, because that is its promise; or if it begins while the flood lasts: late, but not false.
* A **hit** is a flood for which a warning that came true had begun by the crossing; its **lead** is counted from the
  earliest such warning, and at most from the flood's own first wet sample, because a warning that was open before
  predicted nothing. A flood without one is a **miss**, even if it was warned of after crossing.
* A **false alarm** is one warning that did not come true. Two in one event are two, because each sends people
  out. A near miss (water almost as high) is false as well; near misses are also counted apart.
* FAR is false alarms / (hits + false alarms). Hits with lead 0, where the water was observed and not predicted,
  improve it, so it is also given with predicted hits alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

PROMISE_S = 600.0
"""The least promise of any warning: the horizon of the least-squares baseline, the same for every method."""


class IssuedLevel(NamedTuple):
    """One message about a site: from then on this level was in force (0: none), with this probability if any."""

    at: float
    level: int
    probability: float | None = None


class Claim(NamedTuple):
    """One warning at a level: when it began and ended (infinity: it was open when the recording ended)."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Target:
    """A flood that a warning should precede.

    Attributes:
        begins: its first wet sample, from which on it can be predicted.
        crossed_at: the first sample at or above the threshold.
        ends: the last such sample.
        seen_twice_at: the second such sample; None if there was only one.
        silent_s: how long the sensor had been silent before the crossing.
        name: for people.
    """

    begins: float
    crossed_at: float
    ends: float
    seen_twice_at: float | None = None
    silent_s: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """Warnings compared with floods.

    Attributes:
        leads_s: for each flood the lead of the earliest warning that came true; negative if it began after the
            crossing, None if there was none.
        false: the warnings that did not come true.
    """

    leads_s: tuple[float | None, ...]
    false: tuple[Claim, ...]


def claims(issued: Iterable[IssuedLevel], level: int) -> list[Claim]:
    """Return the warnings at or above a level, from messages in order of time."""
    found: list[Claim] = []
    begin: float | None = None
    for one in issued:
        if one.level >= level and begin is None:
            begin = one.at
        elif one.level < level and begin is not None:
            found.append(Claim(begin, one.at))
            begin = None
    return found if begin is None else [*found, Claim(begin, inf)]


def held(answers: Iterable[tuple[float, bool]], hold_s: float) -> list[Claim]:
    """Return the warnings of a method that answers yes or no at each sample.

    A warning ends once all answers have been no for the hold. Silence does not end it, as in the engine.
    """
    found: list[Claim] = []
    begin: float | None = None
    quiet_since: float | None = None
    for at, is_yes in answers:
        if is_yes:
            begin, quiet_since = at if begin is None else begin, None
        elif begin is not None:
            quiet_since = at if quiet_since is None else quiet_since
            if at - quiet_since >= hold_s:
                found.append(Claim(begin, at))
                begin = None
    return found if begin is None else [*found, Claim(begin, inf)]


def crossing(samples: Sequence[tuple[float, float]], threshold_mm: float, name: str = "") -> Target | None:
    """Return the flood that an event's samples (time, depth) make at a threshold; None if they do not reach it."""
    above = [index for index, (_, depth_mm) in enumerate(samples) if depth_mm >= threshold_mm]
    if not above:
        return None
    first = above[0]
    return Target(
        begins=samples[0][0],
        crossed_at=samples[first][0],
        ends=samples[above[-1]][0],
        seen_twice_at=samples[above[1]][0] if len(above) > 1 else None,
        silent_s=samples[first][0] - samples[first - 1][0] if first else 0.0,
        name=name,
    )


def match(targets: Sequence[Target], warnings: Sequence[Claim], horizon_s: float) -> Matched:
    """Compare warnings with floods."""
    fulfilled = [[warning for warning in warnings if _came_true(warning, target, horizon_s)] for target in targets]
    leads = tuple(_lead_s(target, true) for target, true in zip(targets, fulfilled, strict=True))
    true_ones = {warning for true in fulfilled for warning in true}
    return Matched(leads, tuple(warning for warning in warnings if warning not in true_ones))


def _lead_s(target: Target, true: Iterable[Claim]) -> float | None:
    begin = min((warning.begin for warning in true), default=None)
    return None if begin is None else target.crossed_at - max(begin, target.begins)


def _came_true(warning: Claim, target: Target, horizon_s: float) -> bool:
    if warning.begin > target.crossed_at:
        return warning.begin <= target.ends
    return target.crossed_at <= max(warning.end, warning.begin + horizon_s)


def forecasts(
    issued: Iterable[IssuedLevel], targets_of: Mapping[int, Sequence[Target]], horizon_s: float
) -> list[tuple[float, bool]]:
    """Return (probability, whether the water reached the level's threshold within the horizon) of each forecast."""
    return [
        (
            one.probability,
            any(target.crossed_at <= one.at + horizon_s and one.at <= target.ends for target in targets_of[one.level]),
        )
        for one in issued
        if one.probability is not None and one.level in targets_of
    ]
