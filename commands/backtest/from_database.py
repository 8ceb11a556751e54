"""A back-test of stored readings, with the current thresholds and with others."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from commands.database_access import transaction
from commands.files import note, write_lines
from commands.times import moment_of
from rencheng.backtest.judged_time import judged_text
from rencheng.backtest.output import as_line
from rencheng.backtest.tuning import BacktestRun, ThresholdScore, floods_of, play, tally, what_if
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.store.readings.gauge_readings import readings_between
from rencheng.store.registry.sites import load_sites

CURRENT, WHAT_IF, SAME_FLOODS = "as set", "what if", "what if, floods as set"


def moment(text: str) -> datetime:
    """Parse ISO 8601. Without an offset it is the city's time.

    Raises:
        ValueError: the text is not a time.
        NotPossible: the time lies outside the years 1970 to 2199.
    """
    return moment_of(datetime.fromisoformat(text), text, CITY_ZONE)


def thresholds_of(words: Iterable[str]) -> dict[Level, float]:
    """Parse thresholds such as yellow=120.

    Raises:
        NotPossible: an option is not of this form.
    """
    found = {}
    for word in words:
        level, _, depth_mm = word.partition("=")
        try:
            found[Level.parse(level)] = float(depth_mm)
        except ValueError:
            raise NotPossible(f"--what-if {word}: give a level and mm, such as yellow=120") from None
    return found


def backtest_database(
    site_ids: Sequence[str],
    period: tuple[datetime, datetime],
    others: Mapping[Level, float],
    out: Path,
    wait: timedelta,
) -> None:
    """Evaluate a period, write the messages, and compare the thresholds.

    The engine starts without earlier state. Messages are those of the other thresholds, if there are any.

    Raises:
        NotPossible: a site is not registered, or the other thresholds do not rise from blue to red.
    """
    sites, readings = _stored(site_ids, period)
    as_set = play(sites, readings, wait)
    changed = as_set
    if others:
        try:
            changed = play({name: what_if(site, others) for name, site in sites.items()}, readings, wait)
        except ValueError as error:
            raise NotPossible(f"--what-if: {error}") from None
    messages = write_lines(out, (as_line(judged, changed.sites) for judged in changed.judged))
    for site in sites.values():
        Console().print(_compared(site, readings, as_set, changed if others else None))
    note(f"{len(readings):,} readings at {len(sites):,} sites; {messages:,} messages in {out}")


def _stored(site_ids: Sequence[str], period: tuple[datetime, datetime]) -> tuple[dict[str, Site], list[WaterReading]]:
    with transaction() as connection:
        known = load_sites(connection)
        if missing := [name for name in site_ids if name not in known]:
            raise NotPossible(f"site {missing[0]} is not registered; `rencheng site list` shows all sites")
        sites = {name: known[name] for name in dict.fromkeys(site_ids)}
        wanted = [name for site in sites.values() for name in (*site.level_gauge_ids, *site.rain_gauge_ids)]
        return sites, list(readings_between(connection, list(dict.fromkeys(wanted)), *period))


def _compared(site: Site, readings: Iterable[WaterReading], as_set: BacktestRun, changed: BacktestRun | None) -> Table:
    """Compare the thresholds by level. The third row counts the floods of the current thresholds."""
    every = list(readings)
    floods = floods_of(every, site, site.profile)
    rows = [(CURRENT, tally(as_set, site.site_id, floods))]
    if changed:
        profile = changed.sites[site.site_id].profile
        rows.append((WHAT_IF, tally(changed, site.site_id, floods_of(every, site, profile))))
        rows.append((SAME_FLOODS, tally(changed, site.site_id, floods)))
    table = Table(
        "level", "thresholds", "mm", "warnings", "floods", "warned", "median lead, min", "false alarms", box=None
    )
    table.title = f"{site.site_id}, {judged_text(as_set.judged_time.share(site.site_id))}"
    for level in reversed(Level):
        for name, tallies in rows if level else ():
            table.add_row(level.word, name, *_cells(tallies[level]))
    return table


def _cells(one: ThresholdScore) -> tuple[str, ...]:
    lead = "–" if one.lead_median_min is None else f"{one.lead_median_min:.1f}"
    return f"{one.threshold_mm:g}", f"{one.warnings}", f"{one.floods}", f"{one.foreseen}", lead, f"{one.in_vain}"
