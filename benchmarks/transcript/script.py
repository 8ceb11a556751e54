"""What happens to a book of sites, one event after another. Plain data, so that nothing of the engine is loaded."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.weather import RainForecast, RainSignal


class Heard(NamedTuple):
    """A reading, and when it reached us."""

    reading: WaterReading
    at: datetime


class Ticked(NamedTuple):
    """The clock went on without a reading."""

    at: datetime


class Resited(NamedTuple):
    """There is a new list of sites."""

    sites: Mapping[str, Site]


class Restarted(NamedTuple):
    """The service went on from the pages that it had kept."""


Event = Heard | Ticked | Resited | Restarted


class Script(NamedTuple):
    """A play.

    Attributes:
        name: of the play, and of the file with what is said in it.
        sites: at its beginning.
        events: in order.
        is_foretold: by the shipped model; else by the rate of rise alone.
        wait_s: how long a reading waits for earlier ones.
        signals, forecasts: what the weather service says, known from the beginning.
    """

    name: str
    sites: Mapping[str, Site]
    events: tuple[Event, ...]
    is_foretold: bool = True
    wait_s: float = 0.0
    signals: tuple[RainSignal, ...] = ()
    forecasts: tuple[RainForecast, ...] = ()
