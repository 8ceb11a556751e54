"""Try every mutant of the engine on all cores; name those that no test notices, and whether they change a level."""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from benchmarks.mutants.operators import Mutant, mutants
from benchmarks.mutants.trial import ROOT, in_child, is_noticed, source_of

OUT = ROOT / "build" / "mutants"

ENGINE = ROOT / "services" / "alerts"
RULES = (*sorted((ENGINE / "engine").rglob("*.py")), ENGINE / "lifecycle.py", ENGINE / "book.py")
"""Where the rules stand."""

TESTS = ("alerts/**/test_engine_rules*.py", "alerts/**/test_[!m]*.py", "backtest/test_replay.py")
"""Examples first: they are quick to fail. What begins with m is about messages."""

SERVERS = ("tests.alerts.services", "sqlalchemy", "tests.conftest")
"""Words of tests that need a server."""

PATIENCE_S = 600.0
TIMES_AS_LONG = 4.0
"""A mutant under which the tests take so many times as long as without it does not come to an end."""

SEED = 7


class Trial(NamedTuple):
    """What became of a mutant. `changes_level` is only asked of one that no test noticed."""

    mutant: Mutant
    is_noticed: bool
    changes_level: bool


def main() -> None:
    """All mutants, or a sample of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the mutants, chosen by seeded dice")
    parser.add_argument("--only", default="", help="a part of the modules' names")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    chosen = [one for one in every_mutant() if asked.only in one.module]
    chosen = random.Random(SEED).sample(chosen, round(len(chosen) * asked.share))
    tests = [*server_free_tests()]
    began_at = time.perf_counter()
    if is_noticed(None, tests, PATIENCE_S):
        sys.exit("the tests fail without any mutant; run them first")
    timeout_s = TIMES_AS_LONG * (time.perf_counter() - began_at)
    sound = in_child(None, _levels, PATIENCE_S)
    trials = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        for number, trial in enumerate(
            pool.map(partial(_try, tests=tests, sound=sound, timeout_s=timeout_s), chosen), 1
        ):
            trials.append(trial)
            if not trial.is_noticed:
                sys.stderr.write(f"{number}/{len(chosen)} {_verdict(trial)}  {trial.mutant}\n")
    _report(trials, time.perf_counter() - began_at)
    sys.exit(any(trial.changes_level for trial in trials))


def every_mutant() -> list[Mutant]:
    """Of every module that holds rules."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in RULES]
    return [one for name in names for one in mutants(name, source_of(name).read_text(encoding="utf-8"))]


def server_free_tests() -> list[str]:
    """The tests of the engine that need no server, the quick ones first."""
    found = [path for named in TESTS for path in sorted((ROOT / "tests").glob(named))]
    kept = [path for path in dict.fromkeys(found) if not any(word in path.read_text("utf-8") for word in SERVERS)]
    return [str(path) for path in kept]


def _try(mutant: Mutant, tests: list[str], sound: object, timeout_s: float) -> Trial:
    if is_noticed(mutant, tests, timeout_s):
        return Trial(mutant, is_noticed=True, changes_level=False)
    return Trial(mutant, is_noticed=False, changes_level=in_child(mutant, _levels, PATIENCE_S) != sound)


def _levels() -> str:
    from benchmarks.mutants.levels import fingerprint  # noqa: PLC0415 - loads the engine, mutant and all

    return fingerprint()


def _verdict(trial: Trial) -> str:
    return "CHANGES A LEVEL" if trial.changes_level else "no level changed"


def _report(trials: Iterable[Trial], took_s: float) -> None:
    every = list(trials)
    alive = [trial for trial in every if not trial.is_noticed]
    changing = [trial for trial in alive if trial.changes_level]
    sys.stdout.write(
        f"{len(every)} mutants in {took_s:.0f} s: {len(every) - len(alive)} noticed by a test, {len(alive)} not, "
        f"{len(changing)} of which change a level\n"
    )
    for trial in sorted(alive, key=lambda one: (not one.changes_level, one.mutant)):
        sys.stdout.write(f"  {_verdict(trial)}  {trial.mutant}\n")
    OUT.mkdir(parents=True, exist_ok=True)
    lines = [{"verdict": _verdict(trial), **trial.mutant._asdict()} for trial in alive]
    report = {"mutants": len(every), "noticed": len(every) - len(alive), "survivors": lines}
    (OUT / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
