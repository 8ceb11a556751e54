"""Figures as SVG text: axes, curves, a legend. Pure, no script, no library."""

from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 170, 34, 46
TICKS = 5
COLOURS = ("#2f6fde", "#d3232f", "#7a8794", "#e8710a", "#2a9d5c", "#8b5cf6")
STYLE = (
    "text{font:12px sans-serif;fill:#26323d}.title{font-weight:bold;font-size:14px}"
    ".axis,.grid{stroke:#b9c3cc;stroke-width:1}.grid{stroke-opacity:.4}.curve{fill:none;stroke-width:2}"
)


def plot(
    title: str,
    curves: Mapping[str, Points],
    *,
    x: tuple[str, float],
    y: tuple[str, float] = ("", 1.0),
    diagonal: bool = False,
    note: str = "",
) -> str:
    """A picture of curves.

    Args:
        title: above it.
        curves: by name, (x, y) in the order of drawing.
        x: what the axis says, and where it ends; it begins at 0.
        y: the same.
        diagonal: draw where both are equal.
        note: said in the middle, such as why there is no curve.
    """
    parts = [*_axes(x, y), f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>']
    if diagonal:
        ends = [_place(at, at, x[1], y[1]) for at in (0.0, min(x[1], y[1]))]
        parts.append(_curve(ends, "#b9c3cc"))
    for number, (name, points) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [_place(at, value, x[1], y[1]) for at, value in points]
        parts.append(_curve(places, colour))
        parts += [f'<circle cx="{px}" cy="{py}" r="3" fill="{colour}"/>' for px, py in places]
        legend_y = TOP + 14 + 18 * number
        parts.append(f'<rect x="{WIDTH - RIGHT + 12}" y="{legend_y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 27}" y="{legend_y}">{escape(name)}</text>')
    if note:
        parts.append(
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT / 2}" text-anchor="middle">{escape(note)}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}"><style>{STYLE}</style>{"".join(parts)}</svg>\n'
    )


def _axes(x: tuple[str, float], y: tuple[str, float]) -> list[str]:
    left, bottom = LEFT, HEIGHT - BOTTOM
    right, top = WIDTH - RIGHT, TOP
    turned = f'transform="rotate(-90 14 {(top + bottom) / 2})"'
    parts = [
        f'<path class="axis" fill="none" d="M{left} {top}V{bottom}H{right}"/>',
        f'<text x="{(left + right) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x[0])}</text>',
        f'<text x="14" y="{(top + bottom) / 2}" text-anchor="middle" {turned}>{escape(y[0])}</text>',
    ]
    for tick in range(TICKS + 1):
        at, height = _place(x[1] * tick / TICKS, y[1] * tick / TICKS, x[1], y[1])
        parts.append(f'<path class="grid" d="M{at} {top}V{bottom}M{left} {height}H{right}"/>')
        parts.append(f'<text x="{at}" y="{bottom + 16}" text-anchor="middle">{x[1] * tick / TICKS:g}</text>')
        parts.append(f'<text x="{left - 6}" y="{height + 4}" text-anchor="end">{y[1] * tick / TICKS:g}</text>')
    return parts


def _curve(places: Points, colour: str) -> str:
    return f'<polyline class="curve" stroke="{colour}" points="{" ".join(f"{px},{py}" for px, py in places)}"/>'


def _place(x: float, y: float, x_max: float, y_max: float) -> tuple[float, float]:
    """Pixels; what lies beyond an axis is drawn at its end."""
    across = LEFT + min(max(x / x_max, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)
    down = HEIGHT - BOTTOM - min(max(y / y_max, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM)
    return round(across, 1), round(down, 1)
