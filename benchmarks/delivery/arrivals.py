"""What reached the subscribers, and what the run must show."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.delivery.city import KINDS, Member

BARS_P99_S: Mapping[str, float] = {"webhook": 1.0, "mqtt": 0.5, "stream": 0.5}
"""Source: issue 14, bar 1: level change to first delivery to a healthy subscriber, p99."""


@dataclass(frozen=True, slots=True)
class DeliveredMessage:
    """A message that a subscriber has; at a webhook, one that was answered with success."""

    message_id: str
    site: str
    sequence: int
    at_s: float


@dataclass
class Arrivals:
    """All messages that arrived, by subscriber, in order."""

    of: dict[str, list[DeliveredMessage]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, message_id: str, document: Mapping[str, object], at_s: float) -> None:
        """Note the document of a warning's message."""
        sequence = int(str(document["sequence"]))
        self.of[name].append(DeliveredMessage(message_id, str(document["warning_id"]), sequence, at_s))


@dataclass(frozen=True, slots=True)
class DeliveryLatency:
    """From the decision to the first delivery to healthy subscribers of a kind, seconds."""

    n: int
    p50_s: float
    p90_s: float
    p99_s: float
    worst_s: float


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The figures of the run.

    Attributes:
        other_ids: messages that came again under another id.
    """

    messages: int
    missing: int
    disordered: int
    repeated: int
    other_ids: int
    latency: Mapping[str, DeliveryLatency]

    @property
    def holds(self) -> bool:
        """Whether the bars are met."""
        faults = self.missing or self.disordered or self.other_ids
        return not faults and all(each.p99_s <= BARS_P99_S[kind] for kind, each in self.latency.items() if each.n)

    def lines(self) -> list[str]:
        """Return the figures for people."""
        faults = f"{self.missing} missing, {self.disordered} lines out of order"
        repeats = f"{self.repeated} repeated under the same id, {self.other_ids} under another"
        found = [f"{self.messages:,} messages arrived: {faults}, {repeats}"]
        for kind, each in self.latency.items():
            found.append(
                f"decision to a healthy {kind}: p50 {each.p50_s:.3f} s, p90 {each.p90_s:.3f} s, p99 {each.p99_s:.3f} s,"
                f" worst {each.worst_s:.3f} s (n {each.n:,}); the bar is p99 {BARS_P99_S[kind]:g} s"
            )
        return found

    def write(self, folder: Path) -> None:
        """Write `report.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def judge(
    arrivals: Arrivals, members: Mapping[str, Member], decided: Mapping[tuple[str, int], float], each: int
) -> DeliveryOutcome:
    """Compare what arrived with what had to.

    Args:
        arrivals: of all subscribers.
        members: by name.
        decided: when each message, a site and a sequence, was decided.
        each: messages of each site.
    """
    missing = repeated = disordered = other_ids = 0
    healthy: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for name, member in members.items():
        ids: dict[tuple[str, int], list[DeliveredMessage]] = defaultdict(list)
        first: dict[str, list[int]] = defaultdict(list)
        for one in arrivals.of[name]:
            if (one.site, one.sequence) not in ids:
                first[one.site].append(one.sequence)
            ids[one.site, one.sequence].append(one)
        missing += len(member.sites) * each - len(ids)
        repeated += len(arrivals.of[name]) - len(ids)
        disordered += sum(order != sorted(order) for order in first.values())
        other_ids += sum(len({one.message_id for one in found}) > 1 for found in ids.values())
        if not member.fails:
            healthy[member.kind] += [found[0].at_s - decided[key] for key, found in ids.items()]
    latency = {kind: _latency(found) for kind, found in healthy.items()}
    total = sum(len(found) for found in arrivals.of.values())
    return DeliveryOutcome(total, missing, disordered, repeated, other_ids, latency)


def _latency(values: Sequence[float]) -> DeliveryLatency:
    if not values:
        return DeliveryLatency(0, 0.0, 0.0, 0.0, 0.0)
    ordered = sorted(values)
    parts = [ordered[min(int(part * len(ordered)), len(ordered) - 1)] for part in (0.5, 0.9, 0.99, 1.0)]
    return DeliveryLatency(len(ordered), *parts)
