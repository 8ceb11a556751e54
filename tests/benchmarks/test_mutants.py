"""Small changes of a module, one at a time."""

import ast

import pytest

from benchmarks.mutants.operators import mutants, plant

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
