"""What an engine says to many readings: the yardstick by which a change of the code is a change of a level."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.skill import engine, floodnet
from benchmarks.skill.timeline import Timeline
from rencheng.domain.site import Site, SiteType, default_profile
from services.alerts.backtest.places import REGION, WORLD
from services.alerts.backtest.replay import Judged, judge_and_notice
from services.alerts.backtest.rows import Row
from services.alerts.learning.shipped import street_model

SEED = 7
ONE_STREET_IN = 10
"""Of the recorded streets, with their floods and artefacts."""

MADE_SITES = 24
"""Sites with three gauges each, whose readings are made: rises, falls, jumps, silences, lies."""

MADE_STEPS = 600
RAIN_GAUGE = "rain"
BEGINS_AT = datetime(2026, 7, 20, tzinfo=UTC)


def fingerprint() -> str:
    """One word for everything that is said: site, moment, kind and level of each message, in order."""
    digest = hashlib.sha256()
    for line in (*_recorded(), *_made()):
        digest.update(line.encode())
    return digest.hexdigest()


def _recorded() -> Iterator[str]:
    lines = floodnet.timelines(with_artefacts=True, one_in=ONE_STREET_IN)
    sites = engine.sites_of({_name(line): floodnet.THRESHOLDS_MM for line in lines}, SiteType.ROAD)
    return _said(sites, engine.rows_of({_name(line): line.samples for line in lines}))


def _made() -> Iterator[str]:
    dice = random.Random(SEED)
    types = list(SiteType)
    sites = {f"S{number}": _site(f"S{number}", types[number % len(types)]) for number in range(MADE_SITES)}
    rows = [row for site in sites.values() for row in _readings(site, dice)]
    return _said(sites, sorted(rows, key=lambda row: (row.time + _delay(dice), row.source)), _rain(dice))


def _said(sites: dict[str, Site], rows: list[Row], rain: Sequence[Row] = ()) -> Iterator[str]:
    for one in judge_and_notice(sites, rows, rain, model=street_model()):
        if isinstance(one, Judged):
            message = one.message
            yield f"{message.site_id} {one.issued_at} {message.message_type} {message.level} {message.certainty}\n"
        else:
            yield f"{one.notice.site_id} {one.issued_at} {one.notice.kind} {one.notice.level}\n"


def _readings(site: Site, dice: random.Random) -> Iterator[Row]:
    red_mm = max(threshold.depth_mm for threshold in site.profile.thresholds.values())
    for number, gauge in enumerate(site.device_ids):
        depth_mm, rise_mm, at = 0.0, 0.0, BEGINS_AT + timedelta(seconds=7 * number)
        for _ in range(MADE_STEPS):
            if dice.random() < 0.03:  # noqa: PLR2004 - now and then the weather turns
                rise_mm = dice.choice([0.0, 0.0, red_mm / 100, red_mm / 30, red_mm / 5, -red_mm / 40, -red_mm / 10])
            depth_mm = min(max(depth_mm + rise_mm, 0.0), 1.3 * red_mm)
            at += timedelta(seconds=dice.choice([60, 60, 60, 60, 30, 120, 900]))
            odd = dice.random()
            lie = None if odd < 0.02 else dice.uniform(-700, 3 * red_mm)  # noqa: PLR2004
            yield Row(at, gauge, lie if odd < 0.05 else round(depth_mm + dice.gauss(0, 2), 1))  # noqa: PLR2004


def _rain(dice: random.Random) -> list[Row]:
    """Dry hours, showers and cloudbursts, every five minutes, at the one gauge that all sites share."""
    rain: list[Row] = []
    heaviest_mm = 0.0
    for step in range(MADE_STEPS // 5):
        heaviest_mm = dice.choice([0.0, 0.0, 1.0, 4.0, 12.0]) if dice.random() < 0.1 else heaviest_mm  # noqa: PLR2004
        rain.append(Row(BEGINS_AT + timedelta(minutes=5 * step), RAIN_GAUGE, round(dice.uniform(0, heaviest_mm), 1)))
    return rain


def _delay(dice: random.Random) -> timedelta:
    """How long a reading is on its way: mostly not at all, at times longer than is waited for."""
    return timedelta(seconds=dice.choice([0] * 9 + [dice.uniform(0, 200)]))


def _site(site_id: str, site_type: SiteType) -> Site:
    gauges = tuple(f"{site_id}-{letter}" for letter in "ABC")
    profile = default_profile(site_type)
    return Site(
        site_id,
        site_id,
        site_id,
        site_type,
        REGION,
        0.0,
        0.0,
        profile,
        world=WORLD,
        device_ids=gauges,
        gauge_ids=(RAIN_GAUGE,),
    )


def _name(line: Timeline) -> str:
    return line.sensor.sensor_id
