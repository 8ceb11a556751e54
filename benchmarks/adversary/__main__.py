"""`make adversary`: attack for some minutes, then audit by key, and print what was tried and what was refused."""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from benchmarks.adversary.floods import FLOOD_EVERY_S
from benchmarks.adversary.report import AdversaryReport, as_document, table
from benchmarks.adversary.run import run_adversary

BUILD = Path("build/adversary")


def main() -> int:
    """Run once and print the report. Return 1 if a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same attacks")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--per-s", type=float, default=300.0, help="readings per second of the fleet")
    parser.add_argument("--logs", type=Path, help="a folder that keeps the services' logs")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began_s = time.monotonic()

    def progress(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began_s:7.1f} s  {text}\n")

    floods = 1 + int(asked.seconds // FLOOD_EVERY_S)
    report: AdversaryReport = run_adversary(
        asked.seed, asked.seconds, per_s=asked.per_s, floods=floods, progress=progress, logs=asked.logs
    )
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "report.json").write_text(json.dumps(as_document(report), indent=1), encoding="utf-8")
    sys.stdout.write(table(report))
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
