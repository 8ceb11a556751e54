"""Suppression at run time: decide about each warning, release what was suppressed, and collect the notices."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.mute import Mute
from rencheng.domain.notice import Notice, NoticeKind
from rencheng.domain.outgoing import OutgoingMessage, RenderedWarning
from rencheng.domain.site import Site
from rencheng.domain.suppression import reason_of
from rencheng.domain.warning import Certainty, MessageType, SiteNotice
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Every
from rencheng.store.core.sessions import Row
from rencheng.store.warnings.sent import SentMessage
from rencheng.text.publisher import Publisher
from services.alerts import metrics
from services.alerts.isolation import isolated
from services.alerts.suppression.doubts import DoubtNotices
from services.alerts.suppression.groups import Groups, GroupSummary
from services.alerts.suppression.monitoring import MonitoringNotices
from services.alerts.suppression.no_data import NoDataAlarm
from services.alerts.suppression.policy import Decision, MessageRef, SiteDelivery, SuppressionPolicy
from services.alerts.world_clocks import WorldClocks

log = get_logger("alerts")

TICK_EVERY_S = 0.5
"""With five thousand suppressed sites a look at all of them costs ten milliseconds."""

NOTICES_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class NoDataSites:
    """The live sites without data.

    Attributes:
        site_ids: their names.
        watched: how many live sites there are.
        in_rain: whether rain falls or is forecast at one of them.
    """

    site_ids: Collection[str] = ()
    watched: int = 0
    in_rain: bool = False


class Suppressor:
    """Suppression policy, groups and no-data alarm, each world by its own clock.

    Args:
        clocks: the time of each world.
        publisher: who issues the messages.
        clock: the time of this process, for the intervals.
        tick_every_s: how often suppressed messages are looked at.
    """

    def __init__(
        self,
        clocks: WorldClocks,
        publisher: Publisher,
        clock: Clock = SYSTEM_CLOCK,
        *,
        tick_every_s: float = TICK_EVERY_S,
    ) -> None:
        self.policy = SuppressionPolicy()
        self._clocks = clocks
        self._clock = clock
        self._groups = Groups()
        self._no_data = NoDataAlarm(ACTUAL)
        self._monitoring = MonitoringNotices(metrics.count_suppressed)
        self._doubts = DoubtNotices(publisher, metrics.count_suppressed)
        self._suppressed: dict[str, OutgoingMessage] = {}  # by site: the message that may be released
        self._released: list[OutgoingMessage] = []
        self._tick_timer = Every(tick_every_s, clock)
        self._notice_timer = Every(NOTICES_EVERY_S, clock)

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Take over a new list of sites."""
        self.policy.set_sites(sites)
        self._monitoring.set_sites(sites)
        self._doubts.set_sites(sites)

    def set_mutes(self, mutes: Sequence[Mute]) -> None:
        """Take over the silences and maintenance windows."""
        self.policy.mutes = mutes

    def restore(
        self,
        sent: Sequence[SentMessage],
        notices: Sequence[Row],
        monitoring: Iterable[SiteNotice],
        doubts: Iterable[SiteNotice] = (),
    ) -> None:
        """Go on from what was recorded.

        Args:
            sent: the messages of open warnings, in order.
            notices: the newest notice of each topic.
            monitoring: the state of every site whose monitoring is lost, or was when this was last published.
            doubts: the doubts in force.
        """
        deliveries: dict[str, SiteDelivery] = {}
        for each in sent:
            site = self.policy.sites.get(each.site_id)
            if site is None:
                continue
            before = deliveries.get(each.site_id, SiteDelivery())
            is_possible = each.document.get("certainty") == Certainty.POSSIBLE
            message = MessageRef(each.identifier, each.site_id, site.world, each.level, is_possible)
            if each.is_suppressed:
                deliveries[each.site_id] = replace(before, newest=message, was_sent=False)
                self._suppressed[each.site_id] = self._outgoing(each)
            else:
                deliveries[each.site_id] = SiteDelivery(message).as_sent(each.issued_at)
        self.policy.restore(deliveries)
        in_force = [row for row in notices if row["in_force"]]
        summaries = {
            (row["world"], row["topic"]): GroupSummary(Level(row["level"]), (), 0, row["issued_at"])
            for row in in_force
            if row["kind"] == NoticeKind.GROUP
        }
        self._groups.restore(summaries, [row["topic"] for row in notices if row["kind"] == NoticeKind.REMINDER])
        self._monitoring.restore(monitoring, [row["topic"] for row in in_force if row["kind"] == NoticeKind.MONITORING])
        self._doubts.restore(doubts, [row for row in in_force if row["kind"] == NoticeKind.DOUBTFUL])

    def suppress(self, warning: RenderedWarning) -> RenderedWarning:
        """Return the warning with the reason why it is not delivered now, if there is one.

        If the policy fails, the warning is delivered.
        """
        message = warning.message
        self._clocks.observe(message.world, message.issued_at)
        suppressed_by: str | None = None
        with isolated("suppression; the warning is delivered", site=message.site_id):
            level = Level.NONE if message.message_type is MessageType.CANCEL else message.level
            is_possible = message.certainty is Certainty.POSSIBLE
            ref = MessageRef(message.identifier, message.site_id, message.world, level, is_possible)
            decision, *released = self.policy.decide(ref, self._clocks.now(message.world) or message.issued_at)
            suppressed_by = decision.suppressed_by
            self._release(released)
        if suppressed_by is None:
            self._suppressed.pop(message.site_id, None)
            return warning
        outgoing = OutgoingMessage(
            message.identifier, warning.topic, warning.document, self._clock.now(), message.site_id, warning.trace_id
        )
        self._suppressed[message.site_id] = outgoing
        metrics.count_suppressed(reason_of(suppressed_by))
        log.info(
            "warning suppressed",
            site=message.site_id,
            identifier=message.identifier,
            reason=suppressed_by,
            trace_id=warning.trace_id,
        )
        return replace(warning, suppressed_by=suppressed_by)

    def add_notice(self, notice: SiteNotice) -> None:
        """Take in that the monitoring of a site is lost or restored, or that something is doubtful or settled."""
        if notice.doubt is not None:
            self._doubts.add(notice)
        else:
            self._monitoring.add(notice)

    def tick(self) -> None:
        """Release messages whose suppression has ended."""
        if self._tick_timer.take():
            for world, at in self._clocks.times():
                self._release(self.policy.tick(world, at))

    def take_released(self) -> list[OutgoingMessage]:
        """Return the messages that were released, in order, and forget them."""
        released, self._released = self._released, []
        return released

    def notices(self, no_data: NoDataSites) -> list[Notice]:
        """Return the notices that are due.

        Args:
            no_data: the live sites without data now.
        """
        if not self._notice_timer.take():
            return []
        now = self._clock.now()
        alarm = self._no_data.update(no_data.site_ids, now, of=no_data.watched, in_rain=no_data.in_rain)
        found = [alarm] if alarm else []
        for world, at in self._clocks.times():
            is_flood = world == ACTUAL and self._no_data.is_flood(now)
            found += self._groups.tick(self.policy, world, at)
            found += self._doubts.tick(self.policy, world, at)
            found += self._monitoring.tick(self.policy, world, at, is_flood=is_flood, is_doubtful=self._doubts.is_open)
        return found

    def _release(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            message = self._suppressed.pop(decision.message.site_id, None)
            if message is not None and message.identifier == decision.message.identifier:
                self._released.append(replace(message, due_since=self._clock.now()))

    def _outgoing(self, sent: SentMessage) -> OutgoingMessage:
        return OutgoingMessage(
            sent.identifier, sent.topic, sent.document, self._clock.now(), sent.site_id, sent.trace_id
        )
