"""The hydrograph of a report as inline SVG: depths by gauge, levels, and the moments of closing and reopening."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from rencheng.domain.place import CITY_ZONE

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 260, 50, 30
POINTS_MAX = 2000
"""The most points of a line: more than the chart has pixels."""

_COLORS = {"blue": "#2b6cb0", "yellow": "#b7950b", "orange": "#d35400", "red": "#c0392b"}


def hydrograph(report: Mapping[str, Any]) -> str:
    """Return the chart; a sentence if no depth is on record."""
    series: Mapping[str, Sequence[tuple[datetime, float]]] = report["water"]["series"]
    points = [point for line in series.values() for point in line]
    if not points:
        return "<p>无水深记录。No depth is on record.</p>"
    moments = {name: each["at"] for name, each in report["moments"].items() if each is not None}
    times = [at for at, _ in points] + list(moments.values())
    begin: datetime = min(times)
    end: datetime = max(times)
    span_s: float = max((end - begin).total_seconds(), 1.0)
    top_mm: float = 1.1 * max(*(depth for _, depth in points), *report["thresholds_mm"].values(), 1.0)

    def x(at: datetime) -> float:
        return LEFT + (WIDTH - LEFT) * (at - begin).total_seconds() / span_s

    def y(depth_mm: float) -> float:
        return (HEIGHT - BOTTOM) * (1 - depth_mm / top_mm)

    parts = [_level(word, depth, y(depth)) for word, depth in report["thresholds_mm"].items()]
    for line in series.values():
        step = max(1, len(line) // POINTS_MAX)
        path = " ".join(f"{x(at):.1f},{y(depth):.1f}" for at, depth in sorted(line)[::step])
        parts.append(f'<polyline points="{path}" fill="none" stroke="#1a5276" stroke-width="2"/>')
    parts += [_moment(name, at, x(at)) for name, at in moments.items() if name in {"warned", "closed", "reopened"}]
    for at in (begin, end):
        label = f"{at.astimezone(CITY_ZONE):%H:%M}"
        parts.append(f'<text x="{min(x(at), WIDTH - 40):.0f}" y="{HEIGHT - 8}" font-size="12">{label}</text>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img">{"".join(parts)}</svg>'


def _level(word: str, depth_mm: float, y: float) -> str:
    color = _COLORS.get(word, "#888")
    return (
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{color}" stroke-dasharray="4 3"/>'
        f'<text x="0" y="{y + 4:.1f}" font-size="11" fill="{color}">{depth_mm:g} mm</text>'
    )


_NAMES = {"warned": "预警 warned", "closed": "封闭 closed", "reopened": "开放 reopened"}


def _moment(name: str, at: datetime, x: float) -> str:
    label = f"{_NAMES[name]} {at.astimezone(CITY_ZONE):%H:%M}"
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT - BOTTOM}" stroke="#555"/>'
        f'<text x="{min(x + 3, WIDTH - 110):.1f}" y="12" font-size="11">{escape(label)}</text>'
    )
