"""`rencheng site add`, `import`, `show`, `list`: the watched sites."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.confirm import Confirm
from commands.database_access import operator, transaction
from commands.sites.lookup import SiteId, find_site
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.site import Site, SiteType, ThresholdProfile, default_profile
from rencheng.operations.sites import change_site, save_sites
from rencheng.operations.worlds import create_world
from rencheng.schemas.site import read_sites, site_form
from rencheng.store.registry.bindings import unregistered_devices
from rencheng.store.registry.sites import load_sites, profile_authors, profile_versions


def add(
    site_id: SiteId,
    site_type: Annotated[SiteType, typer.Option("--type", help="The type of site; it sets the thresholds.")],
    region: Annotated[str, typer.Option(help="Its district: a six-digit GB/T 2260 code.")],
    latitude: Annotated[float, typer.Option(min=-90, max=90)],
    longitude: Annotated[float, typer.Option(min=-180, max=180)],
    name_zh: Annotated[str, typer.Option(help="Its Chinese name.")],
    name_en: Annotated[str, typer.Option(help="Its English name.")],
    confirm: Confirm = False,
) -> None:
    """Register a site with the default thresholds of its type. Bind gauges with `rencheng device add --site`."""
    profile = default_profile(site_type)
    with transaction() as connection:
        site = Site(site_id, name_zh, name_en, site_type, region, latitude, longitude, profile)
        change_site(connection, site, actor=operator(), confirm=confirm)
    thresholds = ", ".join(f"{level.word} {profile.depth_mm(level):g} mm" for level in WARNING_LEVELS)
    typer.echo(f"{site_id} is watched: {thresholds}")


def import_sites(
    file: Annotated[Path, typer.Argument(help="A JSON list of sites; docs/how-to/watch-places.md shows one.")],
    check: Annotated[bool, typer.Option("--check", help="Check the file only; no database is needed.")] = False,
    confirm: Confirm = False,
) -> None:
    """Import a list of sites, all or none. Devices that the list does not bind are unbound."""
    try:
        sites = read_sites(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise NotPossible(f"{file}: {error}") from None
    if check:
        typer.echo(f"{file.name}: {len(sites)} sites, no errors")
        return
    with transaction() as connection:
        for world in sorted({site.world for site in sites}):
            create_world(connection, world, world, actor=operator())
        saved = save_sites(connection, sites, actor=operator(), confirm=confirm)
        missing = unregistered_devices(connection)
    typer.echo(f"{len(saved)} sites are watched")
    for site_id, each in sorted(saved.items()):
        if each.unbound:
            typer.echo(f"{site_id}: no longer bound: {', '.join(each.unbound)}")
    for site_id in sorted(set(saved) & set(missing)):
        typer.echo(f"{site_id}: not registered yet: {', '.join(missing[site_id])}")


def show(
    site_id: SiteId,
    version: Annotated[int | None, typer.Option(help="Show this version of its thresholds.")] = None,
) -> None:
    """Show a site in the form that `import` reads, and the versions of its thresholds."""
    with transaction() as connection:
        site = find_site(connection, site_id)
        versions = profile_versions(connection, site_id)
        authors = profile_authors(connection, site_id)
    if version is not None:
        kept = next((profile for profile, _ in versions if profile.version == version), None)
        if kept is None:
            raise NotPossible(f"{site_id} has no version {version} of its thresholds")
        site = replace(site, profile=kept)
    typer.echo(json.dumps([site_form(site)], ensure_ascii=False, indent=2))
    for profile, since in versions:
        in_force = f"{since.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"
        author = f", by {authors[profile.version]}" if profile.version in authors else ""
        depths = f"blue/yellow/orange/red {_depths(profile)} mm"
        typer.echo(f"version {profile.version} since {in_force}{author}: {depths}", err=True)


def list_sites() -> None:
    """Show the watched sites."""
    with transaction() as connection:
        sites = load_sites(connection)
    columns = ("site", "type", "region", "world", "name", "blue/yellow/orange/red mm", "catchment", "gauges", "rain")
    table = Table(*columns, box=None)
    for site in sites.values():
        gauges = ", ".join(site.depth_gauge_ids), ", ".join(site.rain_gauge_ids)
        names = f"{site.name_zh} {site.name_en}"
        about = (site.site_type, site.region, site.world, names, _depths(site.profile), site.catchment)
        table.add_row(site.site_id, *about, *gauges)
    Console().print(table)


def _depths(profile: ThresholdProfile) -> str:
    return "/".join(f"{profile.depth_mm(level):g}" for level in WARNING_LEVELS)
