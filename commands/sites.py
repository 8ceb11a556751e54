"""`rencheng site`: which places are watched."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.opening import transaction
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.store.devices import add_region
from rencheng.store.sites import load_sites, register_site

app = typer.Typer(help="Watched places 重点场所.", no_args_is_help=True)


@app.command()
def add(
    site_id: Annotated[str, typer.Argument(help="Its name in topics and messages.")],
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
        add_region(connection, region, region, region)
        register_site(connection, Site(site_id, name_zh, name_en, site_type, region, latitude, longitude, profile))
    typer.echo(f"{site_id} is watched: " + ", ".join(f"{lv.word} {profile.depth_mm(lv):g} mm" for lv in WARNING_LEVELS))


@app.command("list")
def list_() -> None:
    """Show the watched places."""
    with transaction() as connection:
        sites = load_sites(connection)
    table = Table("site", "type", "region", "world", "name", "blue/yellow/orange/red mm", "gauges", box=None)
    for site in sites.values():
        depths = "/".join(f"{site.profile.depth_mm(level):g}" for level in WARNING_LEVELS)
        names = f"{site.name_zh} {site.name_en}"
        table.add_row(site.site_id, site.site_type, site.region, site.world, names, depths, ", ".join(site.device_ids))
    Console().print(table)
