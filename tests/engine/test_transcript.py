"""The messages of the engine for recordings and generated cities equal those in `tests/golden/transcript`."""

from difflib import unified_diff
from functools import cache
from itertools import islice

import pytest

from benchmarks.transcript import plays
from benchmarks.transcript.script import Script
from benchmarks.transcript.transcribe import transcribe

pytestmark = pytest.mark.slow

SHOWN = 30
"""Lines of a difference; the rest is seen when the transcript is written again."""


@cache
def shipped() -> dict[str, Script]:
    return {script.name: script for script in plays.shipped()}


def test_each_play_has_a_file_and_each_file_a_play() -> None:
    assert {plays.file_of(name) for name in shipped()} == set(plays.KEPT_IN.iterdir())


@pytest.mark.parametrize("name", ["streets", "rivers", "creek", "straight", "drill", "live", "storms"])
def test_every_warning_is_as_it_was(name: str) -> None:
    kept, now = plays.kept(name), list(transcribe(shipped()[name]))
    if now != kept:
        changed = "\n".join(islice(unified_diff(kept, now, "kept", "now", lineterm="", n=1), SHOWN))
        pytest.fail(
            f"the engine says something else to {name} ({len(kept)} messages were kept, {len(now)} are said now):\n"
            f"{changed}\n"
            "If that is meant, write it again with `make transcript`, and look at `git diff tests/golden/transcript`.",
            pytrace=False,
        )
