"""Small changes of a module, one at a time; and what becomes of each."""

import ast
from datetime import datetime

import pytest

from benchmarks.mutants.levels import Play, differs
from benchmarks.mutants.operators import Mutant, mutants, plant
from benchmarks.mutants.report import Trial, figures
from benchmarks.transcript import plays
from benchmarks.transcript.script import Arrival, Script
from tests.support.gauge_play import NOON, reading, site

SOURCE = '''
"""A rule."""
HOLD_S: float = 600.0

@dataclass(frozen=True)
class Rule:
    low: int | None = None

def is_high(depth, line, *, urgent=False) -> bool:
    """Whether depth reaches the line."""
    if depth is None or not urgent:
        raise ValueError(f"not {1 + 1}")
    return max(depth, 0) >= line - 30
'''


def changes(source: str) -> dict[str, str]:
    return {one.before: one.after for one in mutants("rule", source)}


def test_boundaries_constants_operators_and_branches_are_changed_one_at_a_time() -> None:
    found = {(one.before, one.after) for one in mutants("rule", SOURCE)}

    assert found == {
        ("600.0", "900.0"),
        ("600.0", "300.0"),
        ("False", "True"),
        ("if depth is None or not urgent", "if True"),
        ("if depth is None or not urgent", "if False"),
        ("depth is None or not urgent", "depth is None and (not urgent)"),
        ("depth is None", "depth is not None"),
        ("not urgent", "urgent"),
        ("max(depth, 0) >= line - 30", "max(depth, 0) > line - 30"),
        ("max(depth, 0)", "min(depth, 0)"),
        ("line - 30", "line + 30"),
        ("0", "1"),
        ("30", "31"),
    }


def test_each_is_a_program_that_differs_in_one_place() -> None:
    programs = [ast.unparse(plant(SOURCE, one)) for one in mutants("rule", SOURCE)]

    assert len(set(programs)) == len(programs)
    for program in programs:
        compile(program, "rule", "exec")
        assert program != ast.unparse(ast.parse(SOURCE))


@pytest.mark.parametrize("source", ["x = 'text'", "def f(x: int = None) -> Literal[1]: ...", "@d(1)\nclass A: ..."])
def test_texts_annotations_and_decorators_decide_nothing(source: str) -> None:
    assert changes(source) == {}


ONE = Mutant("rule", 3, 0, 3, "600.0", "900.0")

DEAF = Trial(ONE, changes_level=False)
IN_BOTH = Trial(ONE, changes_level=True, by_transcript=True, by_examples=True)
IN_TRANSCRIPT_ALONE = Trial(ONE, changes_level=True, by_transcript=True, by_examples=False)
NOT_ASKED = Trial(ONE, changes_level=True, by_transcript=True)
IN_AN_EXAMPLE = Trial(ONE, changes_level=True, by_examples=True)
SURVIVOR = Trial(ONE, changes_level=True, by_examples=False)


def test_only_what_changes_a_level_and_nobody_notices_lives() -> None:
    trials = [DEAF, IN_BOTH, IN_TRANSCRIPT_ALONE, NOT_ASKED, IN_AN_EXAMPLE, SURVIVOR]

    assert [trial for trial in trials if trial.lives] == [SURVIVOR]
    assert SURVIVOR.outcome == "LIVES"
    assert figures(trials) == {
        "mutants": 6,
        "change no level": 1,
        "change a level": 5,
        "noticed in the transcript": 3,
        "noticed by an example, of those in the transcript that were asked (2)": 1,
        "noticed by an example alone": 1,
        "live": 1,
    }


FLOOD = Script("flood", {"A": site("A", "G1")}, (Arrival(reading(0, 160), NOON),), has_model=False)
ISSUED = "2026-07-20 12:00:00 A Alert yellow Possible"


@pytest.mark.parametrize(
    ("lines", "other"), [([ISSUED], False), ([], True), ([ISSUED, ISSUED], True), (["else"], True)]
)
def test_an_engine_differs_that_says_more_or_less_or_something_else(lines: list[str], other: bool) -> None:
    assert differs([Play(FLOOD, lines)]) is other


def test_an_engine_differs_that_fails() -> None:
    broken = FLOOD._replace(wait_s=float("nan"))

    assert differs([Play(broken, [])]) is True


def test_the_judge_knows_other_plays_than_the_transcript_of_the_same_kinds() -> None:
    judge, transcript = ({script.name: script for script in some} for some in (plays.others(), plays.shipped()))

    assert judge.keys() == transcript.keys()
    assert [name for name, script in judge.items() if script.events == transcript[name].events] == []
    assert judge["streets"].sites.keys() & transcript["streets"].sites.keys() == set()
    assert judge["rivers"].sites.keys() & transcript["rivers"].sites.keys() == set()
    for name in ("creek", "storms"):
        assert readings_of(judge[name]) & readings_of(transcript[name]) == set()


def readings_of(script: Script) -> set[tuple[str, datetime]]:
    return {(one.reading.device_id, one.reading.time) for one in script.events if isinstance(one, Arrival)}
