"""The readiness of a site at a time, by the official rain signals in force for its region, and by rain forecasts."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.nowcast import NO_NOWCAST, NOWCAST_LIVES, Nowcast, SiteNowcast
from rencheng.domain.weather import SIGNAL_WINDOWS, RainForecast, RainSignal, Span, spans
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness

FORECAST_LIVES = timedelta(hours=12)
"""An older forecast is not used: nowcasts are issued every few minutes, forecasts every few hours."""

Key = TypeVar("Key")
Value = TypeVar("Value")

_NO_SPANS: tuple[Span, ...] = ()
_NO_FORECASTS: tuple[RainForecast, ...] = ()


class RainOutlook:
    """The rain signals and forecasts of the weather service, of every world, by region.

    Chains of signals are resolved once, because the readiness is asked for every reading.

    Args:
        signals: of every world, in any order. An Update or Cancel counts wherever its own regions are.
        forecasts: of every world, in any order.
        nowcasts: of every site, in any order.
    """

    def __init__(
        self,
        signals: Iterable[RainSignal] = (),
        forecasts: Iterable[RainForecast] = (),
        nowcasts: Iterable[SiteNowcast] = (),
    ) -> None:
        self.signals = tuple(signals)
        self.forecasts = tuple(forecasts)
        in_order = sorted(nowcasts, key=lambda each: (each.issued_at, each.nowcast.source))
        self._nowcasts: dict[str, tuple[SiteNowcast, ...]] = _grouped((each.site_id, each) for each in in_order)
        self._spans: dict[tuple[str, str], tuple[Span, ...]] = _grouped(_keyed_spans(self.signals))
        self._forecasts: dict[tuple[str, str], tuple[RainForecast, ...]] = _grouped(
            ((each.world, each.region), each) for each in self.forecasts
        )

    @property
    def is_empty(self) -> bool:
        """Return whether there is neither a signal nor a forecast, as on most days."""
        return not self.signals and not self.forecasts

    def readiness(self, region: str, world: str, at: datetime) -> Readiness:
        """Return the readiness of a region: the higher of its signals and forecasts, with the source.

        A forecast counts as the signal colour whose criterion it meets. It is never called a signal.
        """
        if self.is_empty:
            return NO_SIGNAL
        keys = [(world, code) for code in dict.fromkeys((region, region[:4] + "00", region[:2] + "0000"))]
        by_signal = max(
            (
                Readiness(span.signal.level, f"rain signal {span.signal.identifier}")
                for key in keys
                for span in self._spans.get(key, _NO_SPANS)
                if span.includes(at)
            ),
            key=lambda readiness: readiness.level,
            default=NO_SIGNAL,
        )
        by_forecast = forecast_readiness((each for key in keys for each in self._forecasts.get(key, _NO_FORECASTS)), at)
        return by_forecast if by_forecast.level > by_signal.level else by_signal

    def nowcast(self, site_id: str, at: datetime) -> Nowcast:
        """Return the newest nowcast of a site at a moment."""
        for each in reversed(self._nowcasts.get(site_id, ())):
            if each.issued_at <= at:
                return each.nowcast if at - each.issued_at < NOWCAST_LIVES else NO_NOWCAST
        return NO_NOWCAST


def _keyed_spans(signals: Iterable[RainSignal]) -> Iterator[tuple[tuple[str, str], Span]]:
    for world, of_world in _grouped((signal.world, signal) for signal in signals).items():
        for span in spans(of_world):
            for code in span.signal.regions:
                yield (world, code), span


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, tuple[Value, ...]]:
    found: dict[Key, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def forecast_readiness(forecasts: Iterable[RainForecast], at: datetime) -> Readiness:
    """Return the readiness by the rain that one source forecasts within the windows of the signals.

    Of one source and span the newest issue counts, of several sources the highest.
    """
    newest: dict[tuple[str, str, datetime, datetime], RainForecast] = {}
    for each in sorted(forecasts, key=lambda each: each.issued_at):
        if at - FORECAST_LIVES < each.issued_at <= at < each.valid_to:
            newest[each.source, each.region, each.valid_from, each.valid_to] = each
    found = NO_SIGNAL
    by_source = _grouped(((each.source, each.region), each) for each in newest.values())
    for (source, _), own in sorted(by_source.items(), key=lambda item: item[0]):
        level, mm, window = _met(own, at)
        if level > found.level:
            found = Readiness(level, f"forecast of {source}: {mm:.0f} mm in {window.total_seconds() / 3600:g} h")
    return found


def _met(forecasts: Sequence[RainForecast], at: datetime) -> tuple[Level, float, timedelta]:
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
