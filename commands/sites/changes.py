"""`rencheng site set`, `bind`, `unbind`: change a site."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from commands.confirm import Confirm
from commands.database_access import operator, transaction
from commands.sites.lookup import SiteId, find_site
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import DepthThreshold, ThresholdProfile
from rencheng.operations.sites import bind_device, change_site, unbind_device


def set_site(
    site_id: SiteId,
    threshold: Annotated[list[str] | None, typer.Option(help="Such as yellow=180 (mm); can be repeated.")] = None,
    source: Annotated[str | None, typer.Option(help="Source of the thresholds; needed with --threshold.")] = None,
    closing_time_s: Annotated[float | None, typer.Option(min=0, help="Time to close the site, seconds.")] = None,
    catchment: Annotated[str | None, typer.Option(help="The area that drains to the site.")] = None,
    verify_by: Annotated[str | None, typer.Option(help="The camera or patrol that can look at the site.")] = None,
    radius_m: Annotated[float | None, typer.Option(min=1, help="Radius of the area to warn, metres.")] = None,
    confirm: Confirm = False,
) -> None:
    """Change a site. New thresholds make a new version of its profile; each warning names its version."""
    given = {"closing_time_s": closing_time_s, "catchment": catchment, "radius_m": radius_m}
    given["verify_by"] = verify_by
    with transaction() as connection:
        site = find_site(connection, site_id)
        profile = _with_thresholds(site.profile, threshold or [], source)
        changed = {name: value for name, value in given.items() if value is not None}
        wanted = replace(site, profile=profile, **changed)  # type: ignore[arg-type]
        saved = change_site(connection, wanted, actor=operator(), confirm=confirm)
    typer.echo(f"{site_id}: version {saved.version} of its thresholds is in force")


def bind(
    site_id: SiteId,
    device_id: Annotated[str, typer.Argument(help="The device; it need not be registered yet.")],
    role: Annotated[Role, typer.Option(help="What the device measures for the site.")] = Role.DEPTH,
    lowest_point_height_mm: Annotated[
        float, typer.Option(help="Height of a gauge's zero above the lowest point, by survey.")
    ] = 0.0,
    lag_s: Annotated[
        float | None, typer.Option(min=0, max=86_400, help="Of a gauge upstream: how long its water takes to the site.")
    ] = None,
    crown_mm: Annotated[
        float | None, typer.Option(help="Of a gauge in a manhole: its reading at which the sewer is full.")
    ] = None,
    rim_mm: Annotated[
        float | None, typer.Option(help="Of a gauge in a manhole: its reading at which water comes out.")
    ] = None,
    confirm: Confirm = False,
) -> None:
    """Bind a device to a site. All but depth gauges and pumps may serve many sites."""
    try:
        sensor = BoundSensor(device_id, role, lowest_point_height_mm, lag_s, crown_mm, rim_mm)
    except ValueError as error:
        raise NotPossible(str(error)) from None
    with transaction() as connection:
        site = find_site(connection, site_id)
        bind_device(connection, site, sensor, actor=operator(), confirm=confirm)
    typer.echo(f"{device_id} is bound to {site_id} as {role}")


def unbind(site_id: SiteId, device_id: str, confirm: Confirm = False) -> None:
    """Remove the binding of a device to a site."""
    with transaction() as connection:
        unbind_device(connection, site_id, device_id, actor=operator(), confirm=confirm)
    typer.echo(f"{device_id} is no longer bound to {site_id}")


def _with_thresholds(profile: ThresholdProfile, options: Sequence[str], source: str | None) -> ThresholdProfile:
    if options and not source:
        raise NotPossible("give the source of the thresholds with --source, such as a survey, a rule or a drill")
    thresholds = dict(profile.thresholds)
    for option in options:
        word, _, depth_mm = option.partition("=")
        try:
            level = Level.parse(word)
            thresholds[level] = DepthThreshold(float(depth_mm), source or "")
        except ValueError as error:
            raise NotPossible(f"--threshold {option}: {error}; write it as yellow=180") from None
    try:
        return replace(profile, thresholds=thresholds)
    except ValueError as error:
        raise NotPossible(str(error)) from None
