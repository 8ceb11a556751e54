"""The hydrograph of a site as SVG: depth, thresholds, warning level and messages. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.site import ThresholdProfile

COLOURS = {Level.BLUE: "#2f6fde", Level.YELLOW: "#d9a400", Level.ORANGE: "#e8710a", Level.RED: "#d3232f"}

WIDTH, HEIGHT = 640, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 52
BAND_Y, BAND_HEIGHT = HEIGHT - 42, 12
HEADROOM = 1.12
"""Space above the highest value, as a factor."""


@dataclass(frozen=True)
class MessageMark:
    """A message: the level in force from then on (NONE after a Cancel), and the rule."""

    at: datetime
    level: Level
    rule: str


@dataclass(frozen=True)
class PlotScale:
    """The scales from event time and depth to pixels."""

    begins_at: datetime
    ends_at: datetime
    depth_max_mm: float

    def x(self, at: datetime) -> float:
        """Return pixels from the left."""
        share = (at - self.begins_at) / (self.ends_at - self.begins_at)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, depth_mm: float) -> float:
        """Return pixels from the top."""
        share = max(0.0, depth_mm) / self.depth_max_mm
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def draw(
    samples: Sequence[tuple[datetime, float]], profile: ThresholdProfile, marks: Sequence[MessageMark], *, title: str
) -> str:
    """Draw the hydrograph as an SVG element.

    Args:
        samples: (time, depth in mm) in order of time; not empty.
        profile: the thresholds.
        marks: the messages in order of time.
        title: text for screen readers.
    """
    highest_mm = max(*(depth for _, depth in samples), profile.depth_mm(Level.YELLOW))
    scale = PlotScale(samples[0][0], samples[-1][0] + timedelta(seconds=1), highest_mm * HEADROOM)
    parts = [*_hours(scale), *_thresholds(scale, profile), _water(scale, samples), *_band(scale, marks)]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _hours(scale: PlotScale) -> list[str]:
    first = (scale.begins_at + timedelta(minutes=59)).replace(minute=0, second=0, microsecond=0)
    hours = [first + timedelta(hours=n) for n in range(24) if first + timedelta(hours=n) < scale.ends_at]
    return [
        f'<line class="hour" x1="{scale.x(at)}" x2="{scale.x(at)}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        f'<text x="{scale.x(at)}" y="{HEIGHT - 10}" text-anchor="middle">{at.astimezone(CITY_ZONE):%H:%M}</text>'
        for at in hours
    ]


def _thresholds(scale: PlotScale, profile: ThresholdProfile) -> list[str]:
    lines = [(level, profile.depth_mm(level)) for level in WARNING_LEVELS]
    return [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(depth_mm)}" y2="{scale.y(depth_mm)}"'
        f' stroke="{COLOURS[level]}" stroke-dasharray="5 4"/>'
        f'<text x="{LEFT - 4}" y="{scale.y(depth_mm) + 4}" text-anchor="end">{depth_mm:g}</text>'
        for level, depth_mm in lines
        if depth_mm <= scale.depth_max_mm
    ]


def _water(scale: PlotScale, samples: Sequence[tuple[datetime, float]]) -> str:
    points = " ".join(f"{scale.x(at)},{scale.y(depth)}" for at, depth in samples)
    floor = f"{scale.x(samples[-1][0])},{scale.y(0)} {scale.x(samples[0][0])},{scale.y(0)}"
    return f'<polygon class="water" points="{points} {floor}"/><polyline class="depth" points="{points}"/>'


def _band(scale: PlotScale, marks: Sequence[MessageMark]) -> list[str]:
    """Draw the level in force as a band below the water, and a line for each message."""
    ends = [mark.at for mark in marks[1:]] + [scale.ends_at]
    parts = []
    for mark, end in zip(marks, ends, strict=True):
        x, colour = scale.x(mark.at), COLOURS.get(mark.level, "#7a8794")
        caption = f"{mark.at.astimezone(CITY_ZONE):%H:%M:%S} {mark.level.word} ({mark.rule})"
        width = max(1.0, scale.x(end) - x) if mark.level else 2
        parts.append(
            f'<rect x="{x}" y="{BAND_Y}" width="{width:.1f}" height="{BAND_HEIGHT}" fill="{colour}">'
            f"<title>{escape(caption)}</title></rect>"
            f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{BAND_Y}" stroke="{colour}" stroke-opacity=".55"/>'
        )
    return parts
