"""The plays whose messages are kept, and others of the same kinds by which a change of a rule is judged."""

from pathlib import Path

from benchmarks.transcript.city import drill, live, straight
from benchmarks.transcript.recorded import creek_in_rain, rivers, storms, streets
from benchmarks.transcript.script import Script

KEPT_IN = Path(__file__).resolve().parents[2] / "tests" / "golden" / "transcript"
"""A file for each play."""

ONE_STREET_IN = 10


def shipped() -> list[Script]:
    """The plays whose messages stand in the files."""
    return [
        storms(one_in=2, first=0),
        straight(seed=1, size=8),
        drill(seed=1, size=14),
        live(seed=1, size=14),
        streets(ONE_STREET_IN, first=0),
        rivers(("099a_mdot4706", "049a_arb046"), days=15),
        creek_in_rain(0, 15),
    ]


def others() -> list[Script]:
    """Other streets, rivers, days and dice."""
    return [
        storms(one_in=2, first=1),
        straight(seed=101, size=8),
        drill(seed=101, size=14),
        live(seed=101, size=14),
        streets(ONE_STREET_IN, first=5),
        rivers(("122a_arb059", "051a_det012"), days=15),
        creek_in_rain(45, 60),
    ]


def file_of(name: str) -> Path:
    """Where the messages of a play are kept."""
    return KEPT_IN / f"{name}.txt"


def kept(name: str) -> list[str]:
    """The messages of a play as they are kept."""
    return file_of(name).read_text(encoding="utf-8").splitlines()
