"""`make rain`: rain alone beside the rule "5 mm in 15 minutes" at a creek and in a made city, and with nowcasts."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rain.compare import Beside, beside, intervals, setting_at, tally
from benchmarks.rain.creeks import rows
from benchmarks.rain.played import Playing, StreetDay, played
from rencheng.engine.rain.rainfall import RAISES_AT

PLAIN_MM = 5.0
"""The plain rule. Source: the issue."""

KNOWN_STORMS = 5
SKILLS = (0.0, 0.25, 0.5, 0.75, 1.0)
EVERY = 4
REPORT = Path("build/rain/report.json")


def main() -> None:
    """Print all tables, and write them."""
    parser = argparse.ArgumentParser(prog="make rain")
    parser.add_argument("--seeds", type=int, default=2, help="how many cities")
    asked = parser.parse_args()
    report: dict[str, object] = {"creek": _creek()}
    report["cities"] = [_city(seed) for seed in range(1, asked.seeds + 1)]
    report["nowcasts"] = _nowcasts()
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1), encoding="utf-8")


def _creek() -> list[object]:
    _print("Walnut Creek, nothing known: floods warned of / warnings in vain")
    _print(f"{'gauge':28s} rises  plain   at as many in vain  shipped  storm left out")
    found: list[object] = []
    for row in rows():
        shown = (f"{hits}/{vain}" for hits, vain in row[2:])
        _print(f"{row.name:28s} {row.rises:5d}  " + "  ".join(f"{each:>8s}" for each in shown))
        found.append(row._asdict())
    return found


def _city(seed: int) -> dict[str, object]:
    days = played(Playing(seed))
    known = [day for day in days if day.storms >= KNOWN_STORMS]
    _print(f"made city {seed}: {len(days):,} street-days, {sum(day.crossed_at is not None for day in days)} floods")
    return {
        "seed": seed,
        "nothing known": _table("nothing known", days, is_learned=False),
        "after five storms": _table(f"after {KNOWN_STORMS} storms of its own", known, is_learned=True),
    }


def _table(title: str, days: Sequence[StreetDay], *, is_learned: bool) -> dict[str, object]:
    def figures(some: Sequence[StreetDay]) -> Sequence[float]:
        found = _beside(some, is_learned=is_learned)
        return found.same_in_vain.hits - found.plain.hits, found.same_hits.in_vain / max(found.plain.in_vain, 1)

    found = _beside(days, is_learned=is_learned)
    more, ratio = figures(days)
    (more_low, more_high), (ratio_low, ratio_high) = intervals(days, figures)
    shipped = tally(days, lambda day: day.learned if is_learned else day.fresh, RAISES_AT)
    _print(f"  {title}: {sum(day.crossed_at is not None for day in days)} floods")
    _print(f"    plain rule                {found.plain.hits} warned of, {found.plain.in_vain} in vain")
    _print(
        f"    at as many in vain        {found.same_in_vain.hits}"
        f" ({more:+.0f}; 90 %: {more_low:+.0f} to {more_high:+.0f})"
    )
    _print(
        f"    in vain at as many hits   {found.same_hits.in_vain}"
        f" (x {ratio:.2f}; 90 %: {ratio_low:.2f} to {ratio_high:.2f})"
    )
    _print(f"    as shipped                {shipped.hits} warned of, {shipped.in_vain} in vain")
    return {
        "plain": found.plain[:2],
        "same_in_vain": found.same_in_vain[:2],
        "same_hits": found.same_hits[:2],
        "more_hits_90": [more_low, more_high],
        "in_vain_ratio_90": [ratio_low, ratio_high],
        "shipped": shipped[:2],
    }


def _beside(days: Sequence[StreetDay], *, is_learned: bool) -> Beside:
    return beside(days, lambda day: day.learned if is_learned else day.fresh, lambda day: day.plain, PLAIN_MM)


def _nowcasts() -> list[object]:
    """Print the lead by the skill of nowcasts, at as many in vain as without them."""
    without = played(Playing(1, EVERY))
    usual = tally(without, lambda day: day.learned, RAISES_AT)
    _print("nowcasts: five members, each right as often as its skill, else the rain of another day")
    _print("  skill   warned of  in vain   10 min ahead  20 min ahead  median lead")
    found: list[object] = []
    for skill in (None, *SKILLS):
        days = without if skill is None else played(Playing(1, EVERY, skill))
        one = tally(days, lambda day: day.learned, setting_at(days, lambda day: day.learned, usual.in_vain))
        _print(
            f"  {'none' if skill is None else skill:>5}  {one.hits:9d}  {one.in_vain:7d}   {one.at_least(10):12d}"
            f"  {one.at_least(20):12d}  {one.median_min:8.1f} min"
        )
        found.append({"skill": skill, "hits": one.hits, "in_vain": one.in_vain, "leads_min": one.leads_min})
    return found


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
