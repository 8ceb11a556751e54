"""The watched places, and where the engine had got to with each."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType, Threshold, ThresholdProfile
from rencheng.store.tables import devices, site_states, sites


def register_site(connection: Connection, site: Site) -> None:
    """Register a site, or bring it up to date. Devices are bound by naming the site in `devices`."""
    values = {
        "site_id": site.site_id,
        "name_zh": site.name_zh,
        "name_en": site.name_en,
        "site_type": site.site_type.value,
        "region": site.region,
        "world": site.world,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "radius_m": site.radius_m,
        "profile": profile_to_json(site.profile),
    }
    connection.execute(insert(sites).values(values).on_conflict_do_update(index_elements=["site_id"], set_=values))


def load_sites(connection: Connection, *, unfit: Callable[[str, Exception], None] | None = None) -> dict[str, Site]:
    """All sites by their name, each with its gauges; retired ones and those of another world left out.

    Args:
        connection: the database.
        unfit: told of a site that cannot be read (a profile that somebody edited by hand), which is then left out;
            without it, such a site raises.
    """
    gauges = (
        select(func.array_agg(devices.c.device_id))
        .where(
            devices.c.site_id == sites.c.site_id,
            devices.c.world == sites.c.world,
            devices.c.kind == "waterlogging",
            devices.c.retired_at.is_(None),
        )
        .scalar_subquery()
    )
    found: dict[str, Site] = {}
    for row in connection.execute(select(sites, gauges.label("device_ids"))):
        try:
            found[row.site_id] = as_site(row, tuple(sorted(row.device_ids or ())))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if unfit is None:
                raise
            unfit(row.site_id, error)
    return found


def as_site(row: Row[Any], device_ids: tuple[str, ...] = ()) -> Site:
    """A row of `sites` as a site."""
    return Site(
        site_id=row.site_id,
        name_zh=row.name_zh,
        name_en=row.name_en,
        site_type=SiteType(row.site_type),
        region=row.region,
        latitude=row.latitude,
        longitude=row.longitude,
        profile=profile_from_json(row.profile),
        radius_m=row.radius_m,
        world=row.world,
        device_ids=device_ids,
    )


def profile_to_json(profile: ThresholdProfile) -> dict[str, object]:
    """A profile as it is kept: levels by their words."""
    thresholds = {level.word: asdict(threshold) for level, threshold in profile.thresholds.items()}
    return asdict(profile) | {"thresholds": thresholds}


def profile_from_json(kept: Mapping[str, Any]) -> ThresholdProfile:
    """The profile that was kept."""
    thresholds = {Level.parse(word): Threshold(**value) for word, value in kept["thresholds"].items()}
    return ThresholdProfile(**{**kept, "thresholds": thresholds})


def save_state(connection: Connection, site_id: str, snapshot: Mapping[str, object], watermark: datetime) -> None:
    """Keep the engine's state of a site, and up to which event time it has taken readings in."""
    values = {"site_id": site_id, "snapshot": dict(snapshot), "watermark": watermark, "saved_at": func.now()}
    connection.execute(
        insert(site_states).values(values).on_conflict_do_update(index_elements=["site_id"], set_=values)
    )


def load_states(connection: Connection) -> dict[str, tuple[dict[str, Any], datetime]]:
    """(snapshot, watermark) of every site that has been judged before."""
    rows = connection.execute(select(site_states.c.site_id, site_states.c.snapshot, site_states.c.watermark))
    return {row.site_id: (row.snapshot, row.watermark) for row in rows}
