"""The figures of merit, from matched warnings. Pure; definitions as in the domain reference, 3.1."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEADS_MIN = (1, 3, 5, 10, 15)
"""At least a minute closes a barrier by itself, ten bring boards and people. Source: domain reference 1.4."""

BINS = 10
WELL_FILLED = 20
"""Forecasts in a bin, below which its frequency says little: the standard error of a half is then over a tenth."""

Forecast = tuple[float, bool]
"""A probability, and whether it happened."""


@dataclass(frozen=True, slots=True)
class Score:
    """What warnings at one level were worth.

    Attributes:
        leads_s: for each flood its lead; negative or None: not warned of by the crossing.
        false: how many warnings did not come true.
        near: how many of those where water came almost as high.
        unseen: floods with two or more samples above, not warned of by the second.
        site_months: how long sites were watched.
        forecasts: probabilities and what happened.
    """

    leads_s: tuple[float | None, ...] = ()
    false: int = 0
    near: int = 0
    unseen: int = 0
    site_months: float = 0.0
    forecasts: tuple[Forecast, ...] = ()

    @property
    def floods(self) -> int:
        """How many there were to warn of."""
        return len(self.leads_s)

    @property
    def hits(self) -> int:
        """Floods warned of by the crossing."""
        return sum(lead is not None and lead >= 0 for lead in self.leads_s)

    @property
    def foreseen(self) -> int:
        """Floods warned of before the crossing."""
        return sum(lead is not None and lead > 0 for lead in self.leads_s)

    def pod(self, lead_min: float = 0) -> float | None:
        """The share of floods warned of at least so early."""
        caught = sum(lead is not None and lead >= lead_min * 60 for lead in self.leads_s)
        return _share(caught, self.floods)

    @property
    def far(self) -> float | None:
        """The share of warnings in vain."""
        return _share(self.false, self.hits + self.false)

    @property
    def far_foreseen(self) -> float | None:
        """The same, among warnings that came before the water."""
        return _share(self.false, self.foreseen + self.false)

    @property
    def csi(self) -> float | None:
        """Hits among hits, misses and false alarms."""
        return _share(self.hits, self.floods + self.false)

    def lead_min(self, share: float) -> float | None:
        """The lead that this share of hits stays below, in minutes; interpolated between hits.

        Among hits, as such figures are usually given: what was missed shows in the POD, and only there.
        """
        leads = sorted(lead / 60 for lead in self.leads_s if lead is not None and lead >= 0)
        if not leads:
            return None
        place = share * (len(leads) - 1)
        below, above = leads[math.floor(place)], leads[math.ceil(place)]
        return below + (above - below) * (place - math.floor(place))

    @property
    def false_a_month(self) -> float | None:
        """False alarms per site and month."""
        return self.false / self.site_months if self.site_months else None

    @property
    def brier(self) -> float | None:
        """The mean squared error of the probabilities."""
        return brier(self.forecasts)


def brier(forecasts: Iterable[Forecast]) -> float | None:
    """The mean squared error of probabilities."""
    errors = [(probability - happened) ** 2 for probability, happened in forecasts]
    return statistics.fmean(errors) if errors else None


def pooled(scores: Iterable[Score]) -> Score:
    """Several sites as one."""
    every = list(scores)
    return Score(
        leads_s=tuple(lead for score in every for lead in score.leads_s),
        false=sum(score.false for score in every),
        near=sum(score.near for score in every),
        unseen=sum(score.unseen for score in every),
        site_months=sum(score.site_months for score in every),
        forecasts=tuple(forecast for score in every for forecast in score.forecasts),
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of about one probability: how many, their mean, and how often it happened."""

    number: int
    forecast: float
    happened: float


def reliability(forecasts: Sequence[Forecast]) -> list[Bin]:
    """Tenths of the range from 0 to 1, those that hold any forecast."""
    bins: list[list[Forecast]] = [[] for _ in range(BINS)]
    for forecast in forecasts:
        bins[min(int(forecast[0] * BINS), BINS - 1)].append(forecast)
    return [
        Bin(len(held), statistics.fmean(p for p, _ in held), statistics.fmean(happened for _, happened in held))
        for held in bins
        if held
    ]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
