"""A small city in a storm, and messages about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.domain.site import Site, SiteType, default_profile
from services.alerts.suppression.policy import Decision, MessageRef, SuppressionPolicy

NOON = datetime(2026, 7, 20, 4, tzinfo=UTC)
"""A Monday, in Jinan."""

LIXIA, HUAIYIN = "370102", "370104"
PROFILE = default_profile(SiteType.ROAD)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def place(site_id: str, region: str = LIXIA, catchment: str = "", world: str = "actual") -> Site:
    return Site(site_id, "路", "Road", SiteType.ROAD, region, 36.6, 117.0, PROFILE, world=world, catchment=catchment)


class Storm:
    """Sites whose warnings come and go, and the control that hears of it."""

    def __init__(self, *sites: Site) -> None:
        self.control = SuppressionPolicy()
        self.control.set_sites({site.site_id: site for site in sites})
        self.said = 0

    def goes(self, site_id: str, level: Level, minute: float) -> list[Decision]:
        """A site's level changes; the verdicts that follow."""
        self.said += 1
        word = MessageRef(f"{site_id}-{self.said}", site_id, self.control.sites[site_id].world, level)
        return self.control.decide(word, at(minute))

    def silence(self, scope: MuteScope, up_to: Level, begin: float, end: float) -> None:
        silence = Silence(f"silence-{len(self.control.mutes) + 1}", scope, up_to, at(begin), at(end), "pump test")
        self.control.mutes = (*self.control.mutes, silence)

    def end_silences(self, minute: float) -> None:
        self.control.mutes = tuple(
            replace(mute, ends_at=min(mute.ends_at, at(minute)))
            for mute in self.control.mutes
            if isinstance(mute, Silence)
        )


def delivered(verdicts: list[Decision]) -> list[tuple[str, str]]:
    return [(each.message.site_id, each.message.level.word) for each in verdicts if each.suppressed_by is None]
