"""From recordings to examples: what the model would have been shown at each sample, and whether the water then came.

The gauge's own step and features are used, so that a model is taught with the very numbers that it is asked by.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.alerts.engine import outlook as outlooks
from services.alerts.engine.gauge import NEW, hear
from services.alerts.engine.model import HORIZON_S
from services.alerts.engine.outlook import SHARE_FROM
from services.alerts.engine.spell import WET_MM, Flood, Spell

THRESHOLDS_MM = (50.0, 100.0, 150.0, 200.0, 270.0, 400.0)
"""A flood teaches something of every depth that it passes, or does not. Source: cross-validation; three taught less,
and ten no more."""

PER_SPELL = 30
"""A spell weighs at most so many examples a threshold, however long it lasts: a long tide is one flood. Of a longer
one so many are taken, evenly."""

NOT_WATER_WEIGHT = 0.3
"""What is no water is invented, and more often than in life, and most of it never reaches the model: with full weight
it made the model disbelieve fast floods (inland POD at 3 minutes .64 instead of .69, at the same FAR)."""


class Recording(NamedTuple):
    """What one gauge measured.

    Attributes:
        device_id: the gauge; one that is left out for a test is left out whole.
        samples: (s of the epoch, mm), in order of time.
        not_water: spans known to be something else (begin, end; s of the epoch): nothing in them is a crossing.
    """

    device_id: str
    samples: Sequence[tuple[float, float]]
    not_water: Sequence[tuple[float, float]] = ()


class Example(NamedTuple):
    """One question, and its answer.

    Attributes:
        row: in the order of `features.NAMES`.
        crossed_s: how long after it the threshold was crossed; None if it was not within the horizon.
        is_water: it was asked of water, and not of something else.
        device_id: whose it is.
    """

    row: tuple[float, ...]
    crossed_s: float | None
    is_water: bool
    device_id: str

    @property
    def weight(self) -> float:
        """How much it counts."""
        return 1.0 if self.is_water else NOT_WATER_WEIGHT


def examples(recordings: Iterable[Recording], thresholds_mm: Sequence[float] = THRESHOLDS_MM) -> list[Example]:
    """Every question that the recordings can answer."""
    return [example for recording in recordings for example in _of(recording, thresholds_mm)]


def _of(recording: Recording, thresholds_mm: Sequence[float]) -> list[Example]:
    crossings = {mm: _crossings(recording, mm) for mm in thresholds_mm}
    gauge = NEW
    asked: dict[tuple[float, float], list[tuple[Spell, tuple[Flood, ...]]]] = defaultdict(list)
    for time_s, depth_mm in recording.samples:
        if time_s <= gauge.series.time_s:
            continue
        gauge = hear(gauge, time_s, depth_mm, hasty=False)
        spell = gauge.spell
        if spell is None or gauge.believed_s != time_s or not gauge.is_trusted or depth_mm < WET_MM:
            continue
        for threshold_mm in thresholds_mm:
            if spell.peak_mm < threshold_mm and depth_mm >= SHARE_FROM * threshold_mm:
                asked[spell.began_s, threshold_mm].append((spell, gauge.floods))
    return [
        Example(
            outlooks.row(spell, floods, mm),
            _next(crossings[mm], spell.newest[0]),
            not _is_in(recording.not_water, spell.newest[0]),
            recording.device_id,
        )
        for (_, mm), moments in asked.items()
        for spell, floods in moments[:: 1 + (len(moments) - 1) // PER_SPELL]
    ]


def _crossings(recording: Recording, threshold_mm: float) -> list[float]:
    spans = recording.not_water
    return [time_s for time_s, depth_mm in recording.samples if depth_mm >= threshold_mm and not _is_in(spans, time_s)]


def _is_in(spans: Sequence[tuple[float, float]], time_s: float) -> bool:
    return any(begin_s <= time_s <= end_s for begin_s, end_s in spans)


def _next(crossings: list[float], time_s: float) -> float | None:
    """How long after a moment the water is there, if within the horizon."""
    place = bisect_right(crossings, time_s)
    if place == len(crossings) or crossings[place] - time_s > HORIZON_S:
        return None
    return crossings[place] - time_s
