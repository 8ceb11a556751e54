"""`rencheng site`: which places are watched, and by what."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import transaction
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile, default_profile
from rencheng.schemas.site import read_sites, site_form
from rencheng.store.core.database import Connection
from rencheng.store.registry.bindings import unbind as unbind_
from rencheng.store.registry.bindings import unregistered_devices
from rencheng.store.registry.devices import add_world, ensure_region
from rencheng.store.registry.sites import load_sites, profile_versions, register_site, replace_sites

app = typer.Typer(help="Watched places 重点场所.", no_args_is_help=True)

SiteId = Annotated[str, typer.Argument(help="Its name in topics and messages.")]


@app.command()
def add(
    site_id: SiteId,
    site_type: Annotated[SiteType, typer.Option("--type", help="What kind of place; chooses the thresholds.")],
    region: Annotated[str, typer.Option(help="Its district: a six-digit GB/T 2260 code.")],
    latitude: Annotated[float, typer.Option(min=-90, max=90)],
    longitude: Annotated[float, typer.Option(min=-180, max=180)],
    name_zh: Annotated[str, typer.Option(help="Its Chinese name.")],
    name_en: Annotated[str, typer.Option(help="Its English name.")],
) -> None:
    """Watch a place, by the default thresholds of its type. Bind gauges to it with `rencheng device add --site`."""
    profile = default_profile(site_type)
    with transaction() as connection:
        ensure_region(connection, region)
        register_site(connection, Site(site_id, name_zh, name_en, site_type, region, latitude, longitude, profile))
    typer.echo(f"{site_id} is watched: " + ", ".join(f"{lv.word} {profile.depth_mm(lv):g} mm" for lv in WARNING_LEVELS))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A JSON list of sites; docs/how-to/watch-places.md shows one.")],
    check: Annotated[bool, typer.Option("--check", help="Only read it; no database is needed.")] = False,
) -> None:
    """Take over a list of sites as it is given: all of them, or none if one cannot be. What is not named is unbound."""
    try:
        wanted = read_sites(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise NotPossible(f"{file}: {error}") from None
    if check:
        typer.echo(f"{file.name}: {len(wanted)} sites, nothing wrong with them")
        return
    with transaction() as connection:
        for site in wanted:
            ensure_region(connection, site.region)
            add_world(connection, site.world, site.world)
        versions = replace_sites(connection, wanted)
        missing = unregistered_devices(connection)
    typer.echo(f"{len(versions)} sites are watched")
    for site_id in sorted(set(versions) & set(missing)):
        typer.echo(f"{site_id}: not registered yet: {', '.join(missing[site_id])}")


@app.command("set")
def set_(
    site_id: SiteId,
    threshold: Annotated[list[str] | None, typer.Option(help="Such as yellow=180 (mm); several times.")] = None,
    source: Annotated[str | None, typer.Option(help="Who says so; needed with --threshold.")] = None,
    closing_time_s: Annotated[float | None, typer.Option(min=0, help="What its barrier or crew needs.")] = None,
    catchment: Annotated[str | None, typer.Option(help="The area that drains to it.")] = None,
    radius_m: Annotated[float | None, typer.Option(min=1, help="How far around people are to be told.")] = None,
) -> None:
    """Change a site. Other thresholds are a new version of its profile; warnings say which one judged them."""
    given = {"closing_time_s": closing_time_s, "catchment": catchment, "radius_m": radius_m}
    with transaction() as connection:
        site = _found(connection, site_id)
        profile = _changed(site.profile, threshold or [], source)
        changed = {name: value for name, value in given.items() if value is not None}
        version = register_site(connection, replace(site, profile=profile, **changed))  # type: ignore[arg-type]
    typer.echo(f"{site_id}: version {version} of its thresholds is in force")


@app.command()
def bind(
    site_id: SiteId,
    device_id: Annotated[str, typer.Argument(help="It need not be registered yet.")],
    role: Annotated[Role, typer.Option(help="What it tells the site.")] = Role.DEPTH,
    lowest_point_height_mm: Annotated[
        float, typer.Option(help="Height of a gauge's zero above the lowest point, by survey.")
    ] = 0.0,
) -> None:
    """Bind a gauge, rain gauge, signal, pile or pump. Rain gauges, signals and piles may serve many sites."""
    with transaction() as connection:
        site = _found(connection, site_id)
        sensor = BoundSensor(device_id, role, lowest_point_height_mm)
        others = tuple(each for each in site.sensors if each.device_id != device_id)
        register_site(connection, replace(site, sensors=(*others, sensor), depth_gauge_ids=(), rain_gauge_ids=()))
    typer.echo(f"{device_id} is bound to {site_id} as {role}")


@app.command()
def unbind(site_id: SiteId, device_id: str) -> None:
    """Let a site no longer listen to a device."""
    with transaction() as connection:
        if not unbind_(connection, site_id, device_id):
            raise NotPossible(f"{device_id} is not bound to {site_id}; `rencheng site show {site_id}` shows what is")
    typer.echo(f"{device_id} is bound to {site_id} no longer")


@app.command()
def show(
    site_id: SiteId,
    version: Annotated[int | None, typer.Option(help="Show this version of its thresholds.")] = None,
) -> None:
    """Show a site in the form in which it can be imported, and which versions of its thresholds there were."""
    with transaction() as connection:
        site = _found(connection, site_id)
        versions = profile_versions(connection, site_id)
    if version is not None:
        kept = next((profile for profile, _ in versions if profile.version == version), None)
        if kept is None:
            raise NotPossible(f"{site_id} never had a version {version} of its thresholds")
        site = replace(site, profile=kept)
    typer.echo(json.dumps([site_form(site)], ensure_ascii=False, indent=2))
    for profile, since in versions:
        depths = "/".join(f"{profile.depth_mm(level):g}" for level in WARNING_LEVELS)
        when = since.astimezone(ZoneInfo("Asia/Shanghai"))
        typer.echo(
            f"version {profile.version} since {when:%Y-%m-%d %H:%M}: blue/yellow/orange/red {depths} mm", err=True
        )


@app.command("list")
def list_() -> None:
    """Show the watched places."""
    with transaction() as connection:
        sites = load_sites(connection)
    columns = ("site", "type", "region", "world", "name", "blue/yellow/orange/red mm", "catchment", "gauges", "rain")
    table = Table(*columns, box=None)
    for site in sites.values():
        depths = "/".join(f"{site.profile.depth_mm(level):g}" for level in WARNING_LEVELS)
        names = f"{site.name_zh} {site.name_en}"
        gauges = ", ".join(site.depth_gauge_ids), ", ".join(site.rain_gauge_ids)
        where = (site.site_type, site.region, site.world)
        table.add_row(site.site_id, *where, names, depths, site.catchment, *gauges)
    Console().print(table)


def _found(connection: Connection, site_id: str) -> Site:
    site = load_sites(connection).get(site_id)
    if site is None:
        raise NotPossible(f"there is no site {site_id}; `rencheng site list` shows which there are")
    return site


def _changed(profile: ThresholdProfile, said: list[str], source: str | None) -> ThresholdProfile:
    """The profile with some of its depths said anew."""
    if said and not source:
        raise NotPossible("say with --source who says so: a survey, a rule, a drill")
    thresholds = dict(profile.thresholds)
    for each in said:
        word, _, depth_mm = each.partition("=")
        try:
            level = Level.parse(word)
            thresholds[level] = DepthThreshold(float(depth_mm), source or "")
        except ValueError as error:
            raise NotPossible(f"--threshold {each}: {error}; write it as yellow=180") from None
    try:
        return replace(profile, thresholds=thresholds)
    except ValueError as error:
        raise NotPossible(str(error)) from None
