"""Write the transcripts again; `git diff tests/golden/transcript` shows which warnings a change has changed."""

import sys

from benchmarks.transcript.plays import KEPT_IN, file_of, shipped
from benchmarks.transcript.transcribe import transcribe


def main() -> None:
    """Every play."""
    KEPT_IN.mkdir(parents=True, exist_ok=True)
    for script in shipped():
        lines = [f"{line}\n" for line in transcribe(script)]
        file_of(script.name).write_text("".join(lines), encoding="utf-8")
        sys.stdout.write(f"{script.name}: {len(lines)} messages to {len(script.events):,} events\n")


if __name__ == "__main__":
    main()
