"""The report: what was tried, what was refused, and whether the city went on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.adversary.attack import AttackTally
from benchmarks.adversary.floods import WARNED_WITHIN_S, FloodReport
from benchmarks.adversary.health_looks import HealthReport
from rencheng.store.accounting.loss_audit import LossReport


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """A process: its greatest memory, its limit in MB, and how often it was started again."""

    name: str
    peak_mb: float
    limit_mb: float
    restarts: int


@dataclass(frozen=True, slots=True)
class AdversaryReport:
    """Everything that was measured.

    Attributes:
        attacks: tallies by attacker, then by attack.
        adds_up: whether the counts of stored readings equal the stored rows.
    """

    seed: int
    seconds: float
    attacks: Mapping[str, Mapping[str, AttackTally]]
    floods: FloodReport
    health: HealthReport
    processes: Sequence[ProcessReport]
    audit: LossReport
    adds_up: bool

    @property
    def breaches(self) -> list[str]:
        """What succeeded that must not."""
        found = [
            f"{name}: {breach}"
            for tallies in self.attacks.values()
            for name, tally in tallies.items()
            for breach in sorted(set(tally.breaches))
        ]
        return found + [f"forged message delivered on {topic}" for topic in sorted(set(self.floods.forged))]

    @property
    def holds(self) -> bool:
        """Whether all bars hold."""
        found = self.audit
        return (
            not self.breaches
            and not (found.lost or found.duplicated or found.not_quarantined)
            and self.adds_up
            and bool(self.floods.gauges)
            and not self.floods.late
            and not any(one.restarts for one in self.processes)
            and not self.health.not_ok
        )


def as_document(report: AdversaryReport) -> dict[str, object]:
    """Return the report for `report.json`."""
    floods = {
        "delays_s": report.floods.delays_s(),
        "late": report.floods.late,
        "forged": sorted(set(report.floods.forged)),
    }
    attacks = {
        attacker: {name: asdict(tally) for name, tally in tallies.items()}
        for attacker, tallies in report.attacks.items()
    }
    return {
        "seed": report.seed,
        "seconds": report.seconds,
        "attacks": attacks,
        "floods": floods,
        "health": asdict(report.health),
        "processes": [asdict(one) for one in report.processes],
        "audit": asdict(report.audit),
        "adds_up": report.adds_up,
        "breaches": report.breaches,
        "holds": report.holds,
    }


def table(report: AdversaryReport) -> str:
    """Return the report as text."""
    lines = [f"{'attack':36}{'times':>7}{'tried':>10}{'refused':>10}"]
    for attacker, tallies in report.attacks.items():
        lines.append(f"with {attacker}")
        lines += [
            f"  {name.replace('_', ' '):34}{tally.times:>7}{tally.tried:>10,}{tally.refused:>10,}"
            for name, tally in sorted(tallies.items())
        ]
    lines.append(f"\n{'process':12}{'peak MB':>9}{'limit MB':>10}{'restarts':>10}")
    lines += [f"{one.name:12}{one.peak_mb:>9.0f}{one.limit_mb:>10.0f}{one.restarts:>10}" for one in report.processes]
    return "\n".join([*lines, "", *_summary(report), ""])


def _summary(report: AdversaryReport) -> list[str]:
    """Return the lines about readings, floods, health and breaches."""
    found, floods, health = report.audit, report.floods, report.health
    delays = sorted(delay for delay in floods.delays_s().values() if delay is not None)
    lost = f"{found.lost} lost, {found.duplicated} doubled, {found.not_quarantined} missing in quarantine"
    lines = [
        f"readings     {found.keys:,} keys of the fleet: {lost}; counts match the rows: {_yes(report.adds_up)}",
        f"floods       {len(floods.gauges)}, of which {len(floods.late)} without red within {WARNED_WITHIN_S:g} s",
    ]
    if delays:
        lines.append(f"             publish to red: median {delays[len(delays) // 2]:.2f} s, worst {delays[-1]:.2f} s")
    lines.append(f"health       {health.looks} looks, slowest {health.slowest_s:.2f} s, {len(health.not_ok)} not ok")
    lines += [f"             at {at:.0f} s: {answer}" for at, answer in health.not_ok[:10]]
    lines += [f"breaches     {len(report.breaches)}", *[f"             {breach}" for breach in report.breaches]]
    return [*lines, f"holds        {_yes(report.holds)}"]


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
