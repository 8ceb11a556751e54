"""One summary for each region and catchment with several warnings, and word of silences that end. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.mute import Silence
from rencheng.domain.site import Site
from services.alerts.suppression.notices import GROUP, REMINDER, Notice, counted_en, counted_zh, some
from services.alerts.suppression.policy import SuppressionPolicy

GROUP_MIN = 3
"""So many warnings in a region or catchment are told as one. Proposal: two can be read one by one."""

SUMMARY_EVERY = timedelta(minutes=5)
"""How often a summary is told anew when its highest level has not risen."""


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """What a group's last notice said: its highest level, how many of each, when."""

    level: Level
    counts: tuple[tuple[Level, int], ...]
    muted: int
    at: datetime


class Groups:
    """The summaries that stand, and the silences that were brought to mind."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], GroupSummary] = {}
        self._reminded: set[str] = set()

    def restore(self, said: Mapping[tuple[str, str], GroupSummary], reminded: Sequence[str]) -> None:
        """Go on from what was told: by world and topic, and the silences that were brought to mind."""
        self._said.update(said)
        self._reminded.update(reminded)

    def tick(self, control: SuppressionPolicy, world: str, at: datetime) -> list[Notice]:
        """What is to be said of a world's groups and silences by now."""
        groups: dict[str, list[tuple[Site, Level, bool]]] = defaultdict(list)
        for site, line in control.standing(world):
            for topic in topics_of(site):
                groups[topic].append((site, line.level, not line.was_sent))
        known = {topic for said_world, topic in self._said if said_world == world}
        found = (self._group(world, topic, groups.get(topic, []), at) for topic in sorted(known | set(groups)))
        return [notice for notice in (*found, *self._reminders(control, world, at)) if notice]

    def _group(self, world: str, topic: str, members: list[tuple[Site, Level, bool]], at: datetime) -> Notice | None:
        before = self._said.get((world, topic))
        muted = sum(is_muted for _, _, is_muted in members)
        if not before and len(members) < GROUP_MIN and not muted:
            return None
        counts = Counter(level for _, level, _ in members)
        now = GroupSummary(max(counts, default=Level.NONE), tuple(sorted(counts.items())), muted, at)
        if before and not _is_news(before, now):
            return None
        if members:
            self._said[world, topic] = now
        else:
            self._said.pop((world, topic), None)
        site_ids = tuple(sorted(site.site_id for site, _, _ in members))
        zh, en = _sentences(topic, dict(counts), muted)
        risen = before is None or now.level > before.level
        return Notice(world, GROUP, topic, at, bool(members), now.level, site_ids, risen, zh, en)

    def _reminders(self, control: SuppressionPolicy, world: str, at: datetime) -> list[Notice]:
        """Of each silence that ends soon and still keeps a warning from dispatch, once."""
        notices = []
        for silence in control.mutes:
            if not isinstance(silence, Silence) or silence.scope.world != world or not silence.is_ending(at):
                continue
            kept = [(site, line) for site, line in control.suppressed(world) if silence.scope.includes(site)]
            if not kept or silence.name in self._reminded:
                continue
            self._reminded.add(silence.name)
            level = max(line.level for _, line in kept)
            names = tuple(site.site_id for site, _ in kept)
            minutes = max(1, round((silence.ends_at - at).total_seconds() / 60))
            zh = f"静默 {silence.name} 将在{minutes}分钟后到期，仍有{len(kept)}处预警未送达：{some(names)}。"
            en = f"Silence {silence.name} ends in {minutes} min and still keeps back {len(kept)}: {some(names)}."
            notices.append(Notice(world, REMINDER, silence.name, at, True, level, names, True, zh, en))
        return notices


def topics_of(site: Site) -> tuple[str, ...]:
    """The groups that a site belongs to."""
    region = f"region {site.region}"
    return (region, f"catchment {site.catchment}") if site.catchment else (region,)


def _is_news(before: GroupSummary, now: GroupSummary) -> bool:
    """A higher level and the end are news at once, other changes once in a while."""
    if now.level > before.level or not now.counts:
        return True
    changed = (now.counts, now.muted) != (before.counts, before.muted)
    return changed and now.at - before.at >= SUMMARY_EVERY


def _sentences(topic: str, counts: dict[Level, int], muted: int) -> tuple[str, str]:
    kind, _, name = topic.partition(" ")
    where_zh = f"{'区域' if kind == 'region' else '汇水区'}{name}"
    if not counts:
        return f"{where_zh}积水预警全部解除。", f"All ponding warnings in {topic} have ended."
    zh = f"{where_zh}共{sum(counts.values())}处积水预警生效：{counted_zh(counts)}"
    en = f"{sum(counts.values())} ponding warnings in force in {topic}: {counted_en(counts)}"
    if muted:
        return f"{zh}，其中{muted}处不单独播报。", f"{en}; {muted} of them are told here alone."
    return f"{zh}。", f"{en}."
