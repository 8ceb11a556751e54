"""A summary for each region and catchment with several warnings, and reminders of silences that end.

Deterministic: no I/O, no clock.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.mute import Silence
from rencheng.domain.notice import Notice, NoticeKind
from rencheng.domain.site import Site
from services.alerts.suppression.policy import SuppressionPolicy
from services.alerts.suppression.wording import counted_en, counted_zh, first_names

GROUP_MIN = 3
"""A region or catchment has a summary from this many warnings on. Proposal: two can be read one by one."""

SUMMARY_EVERY = timedelta(minutes=5)
"""How often a summary is repeated while its highest level does not rise."""

_Member = tuple[Site, Level, bool]
"""(site, its level, whether its newest message was suppressed)."""


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """The content of a group's last notice: highest level, number of warnings by level, suppressed ones, time."""

    level: Level
    counts: tuple[tuple[Level, int], ...]
    muted: int
    at: datetime


class Groups:
    """The summaries in force, and the silences of which operators were reminded."""

    def __init__(self) -> None:
        self._summaries: dict[tuple[str, str], GroupSummary] = {}  # by world and topic
        self._reminded: set[str] = set()

    def restore(self, summaries: Mapping[tuple[str, str], GroupSummary], reminded: Sequence[str]) -> None:
        """Go on from recorded notices.

        Args:
            summaries: those in force, by world and topic.
            reminded: the silences of which operators were reminded.
        """
        self._summaries.update(summaries)
        self._reminded.update(reminded)

    def tick(self, policy: SuppressionPolicy, world: str, at: datetime) -> list[Notice]:
        """Return the notices of a world's groups and silences that are due."""
        groups: dict[str, list[_Member]] = defaultdict(list)
        for site, delivery in policy.standing(world):
            for topic in topics_of(site):
                groups[topic].append((site, delivery.level, not delivery.was_sent))
        known = {topic for known_world, topic in self._summaries if known_world == world}
        found = (self._group(world, topic, groups.get(topic, []), at) for topic in sorted(known | set(groups)))
        return [notice for notice in (*found, *self._reminders(policy, world, at)) if notice]

    def _group(self, world: str, topic: str, members: list[_Member], at: datetime) -> Notice | None:
        before = self._summaries.get((world, topic))
        muted = sum(is_muted for _, _, is_muted in members)
        if not before and len(members) < GROUP_MIN and not muted:
            return None
        counts = Counter(level for _, level, _ in members)
        now = GroupSummary(max(counts, default=Level.NONE), tuple(sorted(counts.items())), muted, at)
        if before and not _is_due(before, now):
            return None
        if members:
            self._summaries[world, topic] = now
        else:
            self._summaries.pop((world, topic), None)
        site_ids = tuple(sorted(site.site_id for site, _, _ in members))
        zh, en = _sentences(topic, dict(counts), muted)
        has_risen = before is None or now.level > before.level
        return Notice(world, NoticeKind.GROUP, topic, at, bool(members), now.level, site_ids, has_risen, zh, en)

    def _reminders(self, policy: SuppressionPolicy, world: str, at: datetime) -> list[Notice]:
        """Return one reminder of each silence that ends soon and still suppresses a warning."""
        notices: list[Notice] = []
        for silence in policy.mutes:
            if not isinstance(silence, Silence) or silence.scope.world != world or not silence.is_ending(at):
                continue
            waiting = [(site, delivery) for site, delivery in policy.suppressed(world) if silence.scope.includes(site)]
            if not waiting or silence.name in self._reminded:
                continue
            self._reminded.add(silence.name)
            level = max(delivery.level for _, delivery in waiting)
            site_ids = tuple(site.site_id for site, _ in waiting)
            minutes = max(1, round((silence.ends_at - at).total_seconds() / 60))
            names = first_names(site_ids)
            zh = f"静默 {silence.name} 将在{minutes}分钟后到期，仍有{len(waiting)}处预警未送达：{names}。"
            en = (
                f"Silence {silence.name} ends in {minutes} min and still suppresses warnings of {len(waiting)} sites: "
                f"{names}."
            )
            notices.append(Notice(world, NoticeKind.REMINDER, silence.name, at, True, level, site_ids, True, zh, en))
        return notices


def topics_of(site: Site) -> tuple[str, ...]:
    """Return the groups that a site belongs to."""
    region = f"region {site.region}"
    return (region, f"catchment {site.catchment}") if site.catchment else (region,)


def _is_due(before: GroupSummary, now: GroupSummary) -> bool:
    """Return whether a summary is published: a higher level and the end at once, other changes at intervals."""
    if now.level > before.level or not now.counts:
        return True
    has_changed = (now.counts, now.muted) != (before.counts, before.muted)
    return has_changed and now.at - before.at >= SUMMARY_EVERY


def _sentences(topic: str, counts: dict[Level, int], muted: int) -> tuple[str, str]:
    kind, _, name = topic.partition(" ")
    where_zh = f"{'区域' if kind == 'region' else '汇水区'}{name}"
    if not counts:
        return f"{where_zh}积水预警全部解除。", f"All ponding warnings in {topic} have ended."
    zh = f"{where_zh}共{sum(counts.values())}处积水预警生效：{counted_zh(counts)}"
    en = f"{sum(counts.values())} ponding warnings in force in {topic}: {counted_en(counts)}"
    if muted:
        return f"{zh}，其中{muted}处不单独播报。", f"{en}; {muted} of them are only in this summary."
    return f"{zh}。", f"{en}."
