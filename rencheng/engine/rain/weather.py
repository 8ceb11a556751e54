"""The readiness of a site at a time, by the official rain signals in force for its region, and by rain forecasts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.region import code_includes
from rencheng.domain.weather import SIGNAL_WINDOWS, RainForecast, RainSignal, in_force
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness

FORECAST_LIVES = timedelta(hours=12)
"""An older forecast is not used: nowcasts are issued every few minutes, forecasts every few hours."""


@dataclass(frozen=True, slots=True)
class RainOutlook:
    """The rain signals and forecasts of the weather service, of every world."""

    signals: tuple[RainSignal, ...] = ()
    forecasts: tuple[RainForecast, ...] = ()

    def readiness(self, region: str, world: str, at: datetime) -> Readiness:
        """Return the readiness of a region: the higher of its signals and forecasts, with the source.

        A forecast counts as the signal colour whose criterion it meets. It is never called a signal.
        """
        if not self.signals and not self.forecasts:  # on most days, and for every reading
            return NO_SIGNAL
        signals = [signal for signal in self.signals if signal.world == world and _names(signal, region)]
        by_signal = max(
            (Readiness(signal.level, f"rain signal {signal.identifier}") for signal in in_force(signals, at)),
            key=lambda readiness: readiness.level,
            default=NO_SIGNAL,
        )
        forecasts = (each for each in self.forecasts if each.world == world and code_includes(each.region, region))
        by_forecast = forecast_readiness(forecasts, at)
        return by_forecast if by_forecast.level > by_signal.level else by_signal


def forecast_readiness(forecasts: Iterable[RainForecast], at: datetime) -> Readiness:
    """Return the readiness by the rain that one source forecasts within the windows of the signals.

    Of one source and span the newest issue counts, of several sources the highest.
    """
    newest: dict[tuple[str, str, datetime, datetime], RainForecast] = {}
    for each in sorted(forecasts, key=lambda each: each.issued_at):
        if at - FORECAST_LIVES < each.issued_at <= at < each.valid_to:
            newest[each.source, each.region, each.valid_from, each.valid_to] = each
    found = NO_SIGNAL
    for source, region in sorted({(source, region) for source, region, _, _ in newest}):
        own = [each for each in newest.values() if (each.source, each.region) == (source, region)]
        level, mm, window = _met(own, at)
        if level > found.level:
            found = Readiness(level, f"forecast of {source}: {mm:.0f} mm in {window.total_seconds() / 3600:g} h")
    return found


def _met(forecasts: list[RainForecast], at: datetime) -> tuple[Level, float, timedelta]:
    """Return the highest colour whose criterion is met, the rainfall, and its window."""
    for level in reversed(WARNING_LEVELS):
        window, enough_mm = SIGNAL_WINDOWS[level]
        if (mm := sum(_falls_mm(each, at, at + window) for each in forecasts)) >= enough_mm:
            return level, mm, window
    return Level.NONE, 0.0, timedelta()


def _falls_mm(forecast: RainForecast, begin: datetime, end: datetime) -> float:
    """Return the part of a forecast within a window; its rain is spread evenly over its span."""
    span = forecast.valid_to - forecast.valid_from
    shared = min(end, forecast.valid_to) - max(begin, forecast.valid_from)
    return max(0.0, shared / span) * forecast.rain_mm


def _names(signal: RainSignal, region: str) -> bool:
    return any(code_includes(code, region) for code in signal.regions)
