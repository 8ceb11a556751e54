"""Sites, the versions of their thresholds, and the saved state of the engine for each site."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.sensor import BoundSensor
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile
from rencheng.engine.record import SiteRecord
from rencheng.store.registry.bindings import bind, sensors_by_site, unbind_missing, unregistered_sensors
from rencheng.store.schema.tables import site_profiles, site_states, sites


def register_site(connection: Connection, site: Site, *, made_by: str | None = None) -> int:
    """Register or update a site, and bind the sensors that it names. Existing bindings stay.

    Changed thresholds become a new version, numbered by the store, with their author. Earlier versions stay readable.

    Returns:
        The version of its thresholds.

    Raises:
        NotPossible: one of its depth gauges serves another site.
    """
    version = _save(connection, site, made_by)
    bind(connection, site)
    return version


def replace_sites(connection: Connection, wanted: Iterable[Site], *, made_by: str | None = None) -> dict[str, int]:
    """Register or update sites exactly as given. Bindings that they do not name are removed.

    Returns:
        The version of the thresholds, by site.

    Raises:
        NotPossible: a depth gauge serves another site, or a site of this name is in another world.
    """
    given = list(wanted)
    worlds = {row.site_id: row.world for row in connection.execute(select(sites.c.site_id, sites.c.world))}
    for site in given:
        if worlds.get(site.site_id, site.world) != site.world:
            raise NotPossible(f"site {site.site_id} is in the world {worlds[site.site_id]}; worlds never mix")
    versions = {site.site_id: _save(connection, site, made_by) for site in given}
    for site in given:  # before binding, so that a gauge can move from one site to another
        unbind_missing(connection, site)
    for site in given:
        bind(connection, site)
    return versions


def load_sites(
    connection: Connection, *, on_invalid: Callable[[str, Exception], None] | None = None
) -> dict[str, Site]:
    """Return all sites by name, each with its bound sensors, without retired devices and those of another world.

    Args:
        connection: the database.
        on_invalid: called for a site that cannot be read (a profile edited by hand), which is then left out. Without
            it, such a site raises.
    """
    sensors = sensors_by_site(connection)
    found: dict[str, Site] = {}
    for row in connection.execute(select(sites)):
        try:
            found[row.site_id] = as_site(row, sensors.get(row.site_id, ()))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if on_invalid is None:
                raise
            on_invalid(row.site_id, error)
    return found


def as_site(row: Row[Any], sensors: tuple[BoundSensor, ...] = ()) -> Site:
    """Convert a row of `sites` to a site."""
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
        sensors=sensors,
        polygon=tuple((latitude, longitude) for latitude, longitude in row.polygon),
        catchment=row.catchment,
        closing_time_s=row.closing_time_s,
        verify_by=row.verify_by,
    )


def find_sites(connection: Connection, site_ids: Sequence[str], *, for_change: bool = False) -> dict[str, Site]:
    """Return the registered ones of these sites, with all sensors that they name, also sensors not registered yet.

    A site that cannot be read is left out.

    Args:
        connection: the database.
        site_ids: the sites.
        for_change: whether other changes of these sites wait until this transaction ends.
    """
    query = select(sites).where(sites.c.site_id.in_(site_ids)).order_by(sites.c.site_id)
    rows = connection.execute(query.with_for_update() if for_change else query).all()
    sensors, missing = sensors_by_site(connection, site_ids), unregistered_sensors(connection, site_ids)
    found = {}
    for row in rows:
        named = (*sensors.get(row.site_id, ()), *missing.get(row.site_id, ()))
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            found[row.site_id] = as_site(row, tuple(sorted(named, key=lambda sensor: sensor.device_id)))
    return found


def profile_versions(connection: Connection, site_id: str) -> list[tuple[ThresholdProfile, datetime]]:
    """Return (profile, time recorded) of each version of a site's thresholds, the newest first."""
    query = select(site_profiles).where(site_profiles.c.site_id == site_id).order_by(site_profiles.c.version.desc())
    return [(profile_from_json(row.profile), row.recorded_at) for row in connection.execute(query)]


def profile_authors(connection: Connection, site_id: str) -> dict[int, str]:
    """Return the authors of the versions of a site's thresholds, by version, where they were kept."""
    query = select(site_profiles.c.version, site_profiles.c.made_by).where(site_profiles.c.site_id == site_id)
    rows = connection.execute(query.where(site_profiles.c.made_by.is_not(None)))
    return {row.version: row.made_by for row in rows}


def _save(connection: Connection, site: Site, made_by: str | None) -> int:
    query = select(sites.c.profile).where(sites.c.site_id == site.site_id).with_for_update()
    before = connection.execute(query).scalar_one_or_none()
    profile = _numbered(site.profile, before)
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
        "polygon": [list(corner) for corner in site.polygon],
        "catchment": site.catchment,
        "closing_time_s": site.closing_time_s,
        "verify_by": site.verify_by,
        "profile": profile_to_json(profile),
    }
    connection.execute(insert(sites).values(values).on_conflict_do_update(index_elements=["site_id"], set_=values))
    version = {"site_id": site.site_id, "version": profile.version, "profile": values["profile"], "made_by": made_by}
    connection.execute(insert(site_profiles).values(version).on_conflict_do_nothing())
    return profile.version


def _numbered(profile: ThresholdProfile, before: Mapping[str, Any] | None) -> ThresholdProfile:
    """Return the profile with its version: the former one if nothing has changed, else the next."""
    if before is None:
        return profile
    last: int = before["version"]
    is_unchanged = profile_to_json(replace(profile, version=last)) == before
    return replace(profile, version=last if is_unchanged else max(profile.version, last + 1))


def profile_to_json(profile: ThresholdProfile) -> dict[str, object]:
    """Convert a profile to its stored form, with the words of the levels as keys."""
    thresholds = {level.word: asdict(threshold) for level, threshold in profile.thresholds.items()}
    return asdict(profile) | {"thresholds": thresholds}


def profile_from_json(stored: Mapping[str, Any]) -> ThresholdProfile:
    """Convert the stored form of a profile back."""
    thresholds = {Level.parse(word): DepthThreshold(**value) for word, value in stored["thresholds"].items()}
    return ThresholdProfile(**{**stored, "thresholds": thresholds})


def save_site_states(connection: Connection, records: Mapping[str, SiteRecord]) -> None:
    """Save the engine's records of sites, with the moments from which site and gauges have no data."""
    rows = [_state_row(site_id, record) for site_id, record in sorted(records.items()) if _has_reported(record)]
    if not rows:
        return
    new = insert(site_states)
    saved = {name: new.excluded[name] for name in rows[0] if name != "site_id"} | {"saved_at": func.now()}
    connection.execute(new.on_conflict_do_update(index_elements=["site_id"], set_=saved), rows)


def _state_row(site_id: str, record: SiteRecord) -> dict[str, object]:
    gauges = {
        device_id: {"no_data_from": _utc_text(gauge.from_s), "reason": gauge.reason.value, "lag_s": gauge.lag_s}
        for device_id, gauge in record.no_data_by_gauge.items()
    }
    return {
        "site_id": site_id,
        "snapshot": record.to_json(),
        "watermark": record.processed_until,
        "no_data_from": record.no_data_from,
        "no_data_reason": record.no_data_reason.value,
        "gauges": gauges,
    }


def _has_reported(record: SiteRecord) -> bool:
    return record.processed_until is not None or bool(record.state.late)


def _utc_text(time_s: float | None) -> str | None:
    return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat()


def load_states(connection: Connection) -> dict[str, tuple[dict[str, Any], datetime]]:
    """Return (snapshot, watermark) of every site that was evaluated before."""
    rows = connection.execute(select(site_states.c.site_id, site_states.c.snapshot, site_states.c.watermark))
    return {row.site_id: (row.snapshot, row.watermark) for row in rows}
