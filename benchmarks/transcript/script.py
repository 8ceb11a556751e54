"""The events of a play, one after another. Plain data, so that the engine is not loaded."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.weather import RainForecast, RainSignal


class Arrival(NamedTuple):
    """A reading, and when it was received."""

    reading: WaterReading
    at: datetime


class Ticked(NamedTuple):
    """The time advances without a reading."""

    at: datetime


class SitesChanged(NamedTuple):
    """There is a new list of sites."""

    sites: Mapping[str, Site]


class Restarted(NamedTuple):
    """The service restarted from the records that it had kept."""


Event = Arrival | Ticked | SitesChanged | Restarted


class Script(NamedTuple):
    """A play.

    Attributes:
        name: of the play, and of its transcript.
        sites: at its beginning.
        events: in order.
        has_model: forecasts by the shipped model; else by the rate of rise alone.
        wait_s: how long a reading waits for earlier ones.
        signals, forecasts: of the weather service, known from the beginning.
    """

    name: str
    sites: Mapping[str, Site]
    events: tuple[Event, ...]
    has_model: bool = True
    wait_s: float = 0.0
    signals: tuple[RainSignal, ...] = ()
    forecasts: tuple[RainForecast, ...] = ()
