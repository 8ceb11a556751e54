"""Status: one world in one response, for the page at `/`."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.level import LevelWord
from rencheng.domain.reach import Reach
from rencheng.domain.topic import IDENTIFIER
from rencheng.domain.warning import MessageType
from rencheng.store.accounting import counts, health
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.registry import gravest_sites, overview, site_status
from rencheng.store.registry.gravest_sites import SitePlace, SiteTotals
from rencheng.store.registry.overview import Presence
from rencheng.store.registry.site_status import SiteStatus
from services.api.auth.guard import Caller
from services.api.deps import ByRegion, Db, OneWorld, Zone
from services.api.http.errors import OutOfReach
from services.api.http.models import ApiModel, example, level_word, local
from services.api.http.monitoring import MONITORING, MonitoringState, present_monitoring
from services.api.http.parts import PART, PartOfPlatform, present_parts

router = APIRouter(prefix="/status", tags=["health"])

SITES_MAX = 1000
"""The most sites in the response."""

WORLDS_MAX = 100
"""The most worlds in the response."""

MESSAGES_MAX = 30
"""The most messages in the response."""

_PLACE = rf"^[0-4]\.[01]\.{IDENTIFIER.pattern}$"

_NOW = "2026-07-20T16:05:00+08:00"
_SITE = {
    "site_id": "underpass-3",
    "name_zh": "经十路下穿通道",
    "name_en": "Jingshi Road underpass",
    "monitoring": MONITORING,
    "level": "yellow",
    "warning_id": "underpass-3-20260720T080100Z",
    "depth_mm": 152.0,
    "age_s": 21.5,
}
_TEXT = {"zh": "积水黄色预警", "en": "Yellow ponding warning"}
_MESSAGE = {
    "event_id": 42,
    "identifier": "underpass-3-20260720T080100Z-2",
    "warning_id": "underpass-3-20260720T080100Z",
    "site_id": "underpass-3",
    "message_type": "Update",
    "level": "yellow",
    "in_force": True,
    "issued_at": _NOW,
    "headline": _TEXT,
    "description": _TEXT,
    "cap": "/v1/warnings/underpass-3-20260720T080100Z/events/2/cap",
}
_STATUS = {
    "at": _NOW,
    "world": "actual",
    "now": _NOW,
    "worlds": [{"world": "actual", "title": "Live 实况", "sites": 1, "in_force": 1}],
    "health": {
        "status": "ok",
        "last_row_at": _NOW,
        "last_row_age_s": 1.3,
        "ingest_heartbeat_age_s": 0.4,
        "parts": [PART],
    },
    "counts": {"processed": 86415, "stored": 86400, "duplicate": 12, "quarantined": 3, "by_reason": {"undecodable": 3}},
    "levels": {"none": 0, "blue": 0, "yellow": 1, "orange": 0, "red": 0},
    "no_data": 0,
    "sites": [_SITE],
    "sites_total": 1,
    "next": None,
    "devices": [{"kind": "waterlogging", "reporting": 1, "offline": 0, "silent": 0}],
    "messages": [_MESSAGE],
}


class World(ApiModel):
    """A world: `actual`, or an exercise 演练."""

    world: str
    title: str
    sites: int
    in_force: int
    """The number of warnings in force."""


class PlatformHealth(ApiModel):
    """Whether readings are being committed, in all worlds together. `/health` answers the same without a key."""

    status: Literal["ok", "idle", "behind", "down"]
    last_row_at: datetime | None
    last_row_age_s: float | None
    ingest_heartbeat_age_s: float | None
    parts: list[PartOfPlatform]
    """Every part, and whether it does its work."""


class AccountTotals(ApiModel):
    """Numbers of readings of this world: processed = stored + duplicate + quarantined."""

    processed: int
    stored: int
    duplicate: int
    quarantined: int
    by_reason: dict[RejectionReason, int]
    """The quarantined readings by reason."""


class SiteSummary(ApiModel):
    """A site in one line. Never show a site without data as dry."""

    site_id: str
    name_zh: str
    name_en: str
    monitoring: MonitoringState
    level: LevelWord
    warning_id: str | None
    depth_mm: float | None
    age_s: float | None
    """The age of the newest usable depth, also while the site has no data."""


class DevicesOfKind(ApiModel):
    """Devices in service.

    reporting: a reading arrived within ten minutes. offline: none did, and the device or its last will reported
    offline. silent: none did, for no known reason.
    """

    kind: Kind
    reporting: int
    offline: int
    silent: int


class Bilingual(ApiModel):
    """A text in both languages."""

    zh: str
    en: str


class MessageSummary(ApiModel):
    """A warning message with its text."""

    event_id: int
    identifier: str
    warning_id: str
    site_id: str
    message_type: MessageType
    level: LevelWord
    in_force: bool
    """Whether its warning is still in force."""
    issued_at: datetime
    headline: Bilingual | None
    description: Bilingual | None
    cap: str


class Status(ApiModel):
    """The status of one world 状态总览."""

    model_config = example(**_STATUS)

    at: datetime
    """The database's clock."""
    world: str
    now: datetime | None
    """The time in this world: the wall clock; in an exercise the newest reading time."""
    worlds: list[World]
    """`actual`, this world, and the newest exercises: 100 at most."""
    health: PlatformHealth
    counts: AccountTotals
    levels: dict[LevelWord, int]
    """The number of sites by level of the warning in force."""
    no_data: int
    """The number of sites without data."""
    sites: list[SiteSummary]
    """A page of the sites, the gravest first."""
    sites_total: int
    """The number of sites of the world, or of the region."""
    next: str | None
    """Send it as `after` to get the next page; null on the last page."""
    devices: list[DevicesOfKind]
    messages: list[MessageSummary]
    """The last 30 messages, newest first."""


@router.get("", summary="Get the status of a world 状态总览", operation_id="get_status")
def get_status(
    database: Db,
    caller: Caller,
    zone: Zone,
    world: OneWorld,
    region: ByRegion = None,
    after: Annotated[str | None, Query(pattern=_PLACE, description="The `next` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=SITES_MAX, description="The most sites in the response.")] = SITES_MAX,
) -> Status:
    """Return health, counts, sites, devices and last messages of one world. An unknown world is empty.

    `levels`, `no_data` and `sites_total` count all sites of the world, or of the region, whatever their number. `sites`
    has the gravest first: the highest level, within a level those without data, then by name.
    """
    if caller.reach.regions:
        raise OutOfReach(f"The status is that of all regions. {caller.bounds} Ask /v1/sites and /v1/warnings instead.")
    with database.read() as connection:
        totals = gravest_sites.count_sites(connection, world, region)
        page = gravest_sites.list_gravest(connection, world, region, after=after, limit=limit)
        return _status(connection, world, zone, caller.reach, totals, page)


def _status(
    connection: Connection,
    world: str,
    zone: ZoneInfo,
    reach: Reach,
    totals: SiteTotals,
    page: tuple[list[SiteStatus], SitePlace | None],
) -> Status:
    condition = health.platform_condition(connection)
    pulse = condition.ingest
    now = site_status.worlds_now(connection, [world]).get(world)
    sites, last = page
    return Status(
        at=local(pulse.at, zone),
        world=world,
        now=local(now, zone) if now else None,
        worlds=[World(**row) for row in overview.list_worlds(connection, world, reach, limit=WORLDS_MAX)],
        health=PlatformHealth(
            status=condition.status,
            last_row_at=local(pulse.last_row_at, zone) if pulse.last_row_at else None,
            last_row_age_s=pulse.last_row_age_s,
            ingest_heartbeat_age_s=pulse.heartbeat_age_s,
            parts=present_parts(condition.parts),
        ),
        counts=_account(connection, world),
        levels={level_word(level): number for level, number in totals.levels.items()},
        no_data=totals.no_data,
        sites_total=totals.sites,
        next=str(last) if last else None,
        sites=[_site(site, zone) for site in sites],
        devices=[_devices(found) for found in overview.device_presence(connection, world, now)],
        messages=[
            MessageSummary.model_validate(_message(row, zone))
            for row in overview.last_messages(connection, world, limit=MESSAGES_MAX)
        ],
    )


def _account(connection: Connection, world: str) -> AccountTotals:
    tally = counts.totals(connection, world)
    by_reason = {
        RejectionReason(reason): times for reason, times in overview.rejected_by_reason(connection, world).items()
    }
    return AccountTotals(
        processed=tally.total,
        stored=tally.stored,
        duplicate=tally.duplicate,
        quarantined=tally.quarantined,
        by_reason=by_reason,
    )


def _site(site: SiteStatus, zone: ZoneInfo) -> SiteSummary:
    return SiteSummary(
        **{name: site.site[name] for name in ("site_id", "name_zh", "name_en")},
        monitoring=present_monitoring(site.monitoring, zone),
        level=level_word(site.level),
        warning_id=site.warning_id,
        depth_mm=site.depth_mm,
        age_s=site.age_s(site.shown_gauge) if site.shown_gauge else None,
    )


def _devices(found: Presence) -> DevicesOfKind:
    return DevicesOfKind(kind=found.kind, reporting=found.reporting, offline=found.offline, silent=found.silent)


def _message(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    document = row["document"]
    return dict(row) | {
        "level": level_word(row["level"]),
        "in_force": row["closed_at"] is None,
        "issued_at": local(row["issued_at"], zone),
        "headline": document.get("headline"),
        "description": document.get("description"),
        "cap": f"/v1/warnings/{row['warning_id']}/events/{row['sequence']}/cap",
    }
