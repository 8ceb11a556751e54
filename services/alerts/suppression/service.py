"""Storm control at work: what the engine said goes out or is held back, and what is told of many sites."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.mute import Mute
from rencheng.domain.site import Site
from rencheng.domain.warning import MessageType
from rencheng.store.core.sessions import Row
from rencheng.store.warnings.record import RenderedWarning
from rencheng.store.warnings.sent import OutgoingMessage, SentMessage
from services.alerts.suppression.groups import Groups, GroupSummary
from services.alerts.suppression.no_data import NoDataAlarm
from services.alerts.suppression.notices import GROUP, REMINDER, Notice
from services.alerts.suppression.policy import Decision, MessageRef, SiteDelivery, SuppressionPolicy

TICK_EVERY_S = 0.5
"""With five thousand sites held back a look at all of them costs ten milliseconds."""


class Suppressor:
    """Control, groups and blindness, each world by its own clock."""

    def __init__(self) -> None:
        self.policy = SuppressionPolicy()
        self._groups = Groups()
        self._no_data = NoDataAlarm(ACTUAL)
        self._kept: dict[str, OutgoingMessage] = {}  # by site: what control may yet release
        self._freed: list[OutgoingMessage] = []
        self._clocks: dict[str, datetime] = {}
        self._ticked_at = float("-inf")

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Take over a new list of sites."""
        self.policy.set_sites(sites)

    def set_mutes(self, mutes: Sequence[Mute]) -> None:
        """Take over what operators mute."""
        self.policy.mutes = mutes

    def restore(self, told: Sequence[SentMessage], notices: Sequence[Row]) -> None:
        """Go on from what was recorded: messages of open warnings in order, and the newest notices."""
        lines: dict[str, SiteDelivery] = {}
        for each in told:
            site = self.policy.sites.get(each.site_id)
            if site is None:
                continue
            before = lines.get(each.site_id, SiteDelivery())
            word = MessageRef(each.identifier, each.site_id, site.world, each.level)
            if each.is_suppressed:
                lines[each.site_id] = replace(before, newest=word, was_sent=False)
                self._kept[each.site_id] = OutgoingMessage(each.identifier, each.topic, each.document)
            else:
                lines[each.site_id] = SiteDelivery(word, each.level, each.issued_at)
        self.policy.restore(lines)
        standing = [row for row in notices if row["kind"] == GROUP and row["in_force"]]
        self._groups.restore(
            {
                (row["world"], row["topic"]): GroupSummary(Level(row["level"]), (), 0, row["issued_at"])
                for row in standing
            },
            [row["topic"] for row in notices if row["kind"] == REMINDER],
        )

    def observe_time(self, world: str, at: datetime) -> None:
        """An exercise's time has come so far."""
        self._clocks[world] = max(at, self._clocks.get(world, at))

    def now(self, world: str) -> datetime | None:
        """The wall clock, or the greatest time heard of in an exercise; None before the first."""
        return datetime.now(UTC) if world == ACTUAL else self._clocks.get(world)

    def decide(self, said: RenderedWarning) -> RenderedWarning:
        """The message, with the reason why it is held back if it is. What it frees is given by the next `tick`."""
        message = said.message
        self.observe_time(message.world, message.issued_at)
        level = Level.NONE if message.message_type is MessageType.CANCEL else message.level
        word = MessageRef(message.identifier, message.site_id, message.world, level)
        verdict, *freed = self.policy.decide(word, self.now(message.world) or message.issued_at)
        self._free(freed)
        if verdict.suppressed_by:
            self._kept[message.site_id] = OutgoingMessage(message.identifier, said.topic, said.document)
        else:
            self._kept.pop(message.site_id, None)
        return replace(said, suppressed_by=verdict.suppressed_by)

    def tick(self) -> list[OutgoingMessage]:
        """What was held back and goes out now, in any world."""
        if time.monotonic() - self._ticked_at >= TICK_EVERY_S:
            self._ticked_at = time.monotonic()
            for world in self._worlds():
                if at := self.now(world):
                    self._free(self.policy.tick(world, at))
        freed, self._freed = self._freed, []
        return freed

    def notices(self, blind: Collection[str], *, of: int, in_rain: bool) -> list[Notice]:
        """What is to be said of many sites at once.

        Args:
            blind: the live sites that cannot be judged now.
            of: how many live sites there are.
            in_rain: whether rain is expected at one of them.
        """
        found = [
            notice
            for world in self._worlds()
            if (at := self.now(world))
            for notice in self._groups.tick(self.policy, world, at)
        ]
        blindness = self._no_data.update(blind, datetime.now(UTC), of=of, in_rain=in_rain)
        return [*found, blindness] if blindness else found

    def _worlds(self) -> list[str]:
        return sorted({ACTUAL, *self._clocks})

    def _free(self, verdicts: Sequence[Decision]) -> None:
        for verdict in verdicts:
            parcel = self._kept.pop(verdict.message.site_id, None)
            if parcel is not None and parcel.identifier == verdict.message.identifier:
                self._freed.append(parcel)
