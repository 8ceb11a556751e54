"""The outcome of a drill, from the event reports of its warnings alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rencheng.domain.errors import NotPossible
from rencheng.operations.reports import make_report
from rencheng.response.reports.chain import Report, chain_times, is_called, lost_steps
from rencheng.store.core.database import Engine
from rencheng.store.warnings.log import WarningFilters, list_warnings

WARNINGS_MAX = 1000


@dataclass(frozen=True)
class DrillOutcome:
    """The reports of a drill.

    Attributes:
        reports: by warning.
        lost: the lost steps, by warning; only of warnings that lost one.
    """

    reports: Mapping[str, Report]
    lost: Mapping[str, Sequence[str]]

    def check(self) -> None:
        """Check that the chain of every warning is whole.

        Raises:
            NotPossible: a step was lost; the message names each.
        """
        if not any(is_called(each) for each in self.reports.values()):
            raise NotPossible("the storm led to no warning from yellow up, so nothing was practised; see the logs")
        if self.lost:
            lines = (f"\n  {warning_id}: {'; '.join(steps)}" for warning_id, steps in self.lost.items())
            raise NotPossible(
                f"steps were lost in {len(self.lost)} of {len(self.reports)} warnings.{''.join(lines)}"
                "\nThe event report of a warning shows what happened; see docs/how-to/run-a-drill.md"
            )


def read_outcome(engine: Engine, world: str, folder: Path) -> DrillOutcome:
    """Make the event report of every warning of a world, write its page into a folder, and look for lost steps."""
    pages = folder / "reports"
    pages.mkdir(parents=True, exist_ok=True)
    reports: dict[str, Report] = {}
    with engine.begin() as connection:
        for warning in list_warnings(connection, WarningFilters(world=world), limit=WARNINGS_MAX):
            made = make_report(connection, warning["warning_id"], {}, actor="drill")
            reports[warning["warning_id"]] = made["document"]
            (pages / f"{warning['warning_id']}.html").write_text(made["page"], encoding="utf-8")
    found = {warning_id: lost_steps(report) for warning_id, report in reports.items()}
    return DrillOutcome(reports, {warning_id: steps for warning_id, steps in found.items() if steps})


def show_outcome(console: Console, outcome: DrillOutcome) -> None:
    """Print the chain's times."""
    table = Table("link", "after", "p50", "p90", "n", "missing", title="Chain 处置链", box=None)
    for each in chain_times(list(outcome.reports.values())):
        table.add_row(each.link, each.after, _time(each.p50_s), _time(each.p90_s), str(each.n), str(each.missing))
    console.print(table)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min"
