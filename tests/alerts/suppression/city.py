"""A small city whose sites change their levels, and the suppression policy that decides about the messages."""

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


class City:
    """Sites whose levels change, and the policy that decides about each message."""

    def __init__(self, *sites: Site) -> None:
        self.policy = SuppressionPolicy()
        self.policy.set_sites({site.site_id: site for site in sites})
        self._messages = 0

    def change(self, site_id: str, level: Level, minute: float, *, is_possible: bool = False) -> list[Decision]:
        """Change a site's level; return the decisions that follow."""
        self._messages += 1
        world = self.policy.sites[site_id].world
        message = MessageRef(f"{site_id}-{self._messages}", site_id, world, level, is_possible)
        return self.policy.decide(message, at(minute))

    def silence(self, scope: MuteScope, up_to: Level, begin: float, end: float) -> None:
        silence = Silence(f"silence-{len(self.policy.mutes) + 1}", scope, up_to, at(begin), at(end), "pump test")
        self.policy.mutes = (*self.policy.mutes, silence)

    def end_silences(self, minute: float) -> None:
        self.policy.mutes = tuple(
            replace(mute, ends_at=min(mute.ends_at, at(minute)))
            for mute in self.policy.mutes
            if isinstance(mute, Silence)
        )


def delivered(decisions: list[Decision]) -> list[tuple[str, str]]:
    return [(each.message.site_id, each.message.level.word) for each in decisions if each.suppressed_by is None]
