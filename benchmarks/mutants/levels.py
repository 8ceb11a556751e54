"""Whether an engine still says what a sound one says: message by message, up to the first that differs."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from benchmarks.transcript.script import Script


class Play(NamedTuple):
    """A script, and what the sound engine says to it."""

    script: Script
    lines: Sequence[str]


Plays = Sequence[Play]


def plays() -> tuple[Plays, Plays]:
    """Those by which a mutant is judged, played to the engine as it is; and the transcript's, as it is kept."""
    from benchmarks.transcript.plays import kept, others, shipped  # noqa: PLC0415 - loads the engine
    from benchmarks.transcript.transcribe import transcribe  # noqa: PLC0415 - likewise

    judge = [Play(script, list(transcribe(script))) for script in others()]
    return judge, [Play(script, kept(script.name)) for script in shipped()]


def differs(sound: Plays) -> bool:
    """Whether the engine says something else to one of the plays, or fails."""
    from benchmarks.transcript.transcribe import transcribe  # noqa: PLC0415 - loads the engine, mutant and all

    try:
        return any(now != then for play in sound for now, then in zip_longest(transcribe(play.script), play.lines))
    except Exception:  # noqa: BLE001 - whatever it is, the sound engine does not raise it
        return True
