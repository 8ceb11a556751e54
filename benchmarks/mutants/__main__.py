"""Try every mutant of the engine: does it change a level, and does a test notice? Those that live are named."""

import argparse
import gc
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.mutants.levels import Plays, differs, plays
from benchmarks.mutants.operators import Mutant, mutants
from benchmarks.mutants.report import Trial, keep, tell
from benchmarks.mutants.trial import ROOT, in_child, is_noticed, source_of

ENGINE = ROOT / "rencheng" / "engine"
RULES = tuple(path for path in sorted(ENGINE.rglob("*.py")) if path.parent.name != "nearby")
"""The modules with the rules of levels."""

TESTS = ("engine/*/test_*.py", "engine/test_*.py", "backtest/test_replay.py")
"""The tests of single modules come first, because they fail soonest."""

SERVERS = ("tests.alerts.services", "sqlalchemy", "tests.conftest")
"""A test with one of these words needs a server."""

TRANSCRIPT = "test_transcript.py"
"""Runs apart from the other tests."""

SEED = 7
TELL_EVERY = 50
"""After this many trials the progress and the report so far are written."""


def main() -> None:
    """Try all mutants, or a sample of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the mutants, chosen by seeded dice")
    parser.add_argument("--only", default="", help="parts of the modules' names, with commas; in this order")
    parser.add_argument("--examples", action="store_true", help="ask them of what the transcript notices as well")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    chosen = [one for part in asked.only.split(",") for one in every_mutant() if part in one.module]
    places = random.Random(SEED).sample(range(len(chosen)), round(len(chosen) * asked.share))
    chosen = [chosen[place] for place in sorted(places)]
    began_at = time.perf_counter()
    ask = partial(_try, judge_and_transcript=_sound(), tests=server_free_tests(), always=asked.examples)
    trials = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        for number, trial in enumerate(pool.map(ask, chosen), 1):
            trials.append(trial)
            if trial.lives or number % TELL_EVERY == 0:
                sys.stderr.write(f"{number}/{len(chosen)} {trial.outcome}  {trial.mutant}\n")
                keep(trials)
    keep(trials)
    tell(trials, time.perf_counter() - began_at)
    sys.exit(any(trial.lives for trial in trials))


def every_mutant() -> list[Mutant]:
    """Return the mutants of every module with rules."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in RULES]
    return [one for name in names for one in mutants(name, source_of(name).read_text(encoding="utf-8"))]


def server_free_tests() -> list[str]:
    """Return the tests of the engine that need no server, the quick ones first."""
    found = [path for named in TESTS for path in sorted((ROOT / "tests").glob(named)) if path.name != TRANSCRIPT]
    kept = [path for path in dict.fromkeys(found) if not any(word in path.read_text("utf-8") for word in SERVERS)]
    return [str(path) for path in kept]


def _sound() -> tuple[Plays, Plays]:
    """Return the plays of the judge and of the transcript, once the unchanged engine agrees with both and all tests."""
    made = in_child(None, plays)
    if not isinstance(made, tuple):
        sys.exit("the plays cannot be made; run tests/engine/test_transcript.py")
    gc.freeze()  # what all children share need not be looked through in each
    judge, transcript = made
    if in_child(None, lambda: differs(judge) or differs(transcript)) is not False:
        sys.exit("the engine as it is differs from the kept transcript; see `make transcript`")
    if is_noticed(None, server_free_tests()):
        sys.exit("the tests fail without any mutant; run them first")
    return judge, transcript


def _try(mutant: Mutant, judge_and_transcript: tuple[Plays, Plays], tests: list[str], *, always: bool) -> Trial:
    """Run the transcript if a level of the judge changes, and the examples if the transcript does not."""
    judge, transcript = judge_and_transcript
    changes = in_child(mutant, lambda: (True, differs(transcript)) if differs(judge) else (False, False))
    if not isinstance(changes, tuple):  # it does not come to an end, and no test would
        changes = True, True
    trial = Trial(mutant, *changes)
    if trial.lives or (always and trial.changes_level):
        return trial._replace(by_examples=is_noticed(mutant, tests))
    return trial


if __name__ == "__main__":
    main()
