"""What became of the mutants, in a table and a file."""

import json
import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.mutants.operators import Mutant
from benchmarks.mutants.trial import ROOT

OUT = ROOT / "build" / "mutants"


class Trial(NamedTuple):
    """What became of a mutant.

    Attributes:
        mutant: the change.
        changes_level: says the engine something else with it, to the judge's plays?
        by_transcript: does the transcript notice?
        by_examples: do the examples and properties? None: they were not asked.
    """

    mutant: Mutant
    changes_level: bool
    by_transcript: bool = False
    by_examples: bool | None = None

    @property
    def lives(self) -> bool:
        """Does it change a level, and nobody notices?"""
        return self.changes_level and not self.by_transcript and not self.by_examples

    @property
    def outcome(self) -> str:
        """In words."""
        if not self.changes_level:
            return "no level changed"
        if self.lives:
            return "LIVES"
        reported = {True: "by an example", False: "by no example", None: "examples not asked"}
        return f"noticed {'' if self.by_transcript else 'not '}in the transcript, {reported[self.by_examples]}"


def figures(trials: Sequence[Trial]) -> dict[str, int]:
    """How many of each result."""
    changing = [trial for trial in trials if trial.changes_level]
    noticed = [trial for trial in changing if trial.by_transcript]
    asked = [trial for trial in noticed if trial.by_examples is not None]
    return {
        "mutants": len(trials),
        "change no level": len(trials) - len(changing),
        "change a level": len(changing),
        "noticed in the transcript": len(noticed),
        f"noticed by an example, of those in the transcript that were asked ({len(asked)})": sum(
            trial.by_examples is True for trial in asked
        ),
        "noticed by an example alone": sum(trial.by_examples is True and not trial.by_transcript for trial in changing),
        "live": sum(trial.lives for trial in trials),
    }


def tell(trials: Sequence[Trial], took_s: float) -> None:
    """Figures and survivors, to standard output."""
    table = figures(trials)
    sys.stdout.write("".join(f"{number:6,}  {what}\n" for what, number in table.items()) + f"{took_s:6.0f}  seconds\n")
    for trial in sorted(trials, key=lambda one: one.mutant):
        if trial.lives:
            sys.stdout.write(f"  {trial.outcome}  {trial.mutant}\n")


def keep(trials: Sequence[Trial]) -> None:
    """Every trial, in `build/mutants/report.json`."""
    OUT.mkdir(parents=True, exist_ok=True)
    lines = [{"result": trial.outcome, **trial.mutant._asdict()} for trial in trials]
    report = json.dumps({"figures": figures(trials), "trials": lines}, indent=1, ensure_ascii=False)
    (OUT / "report.json").write_text(report + "\n", encoding="utf-8")
