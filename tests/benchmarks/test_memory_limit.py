"""The memory limit kills what needs more than it may, and nothing else."""

import signal
import subprocess
import sys

from benchmarks.load.memory_limit import MemoryLimit

LIMIT_MB = 100
GROW = "import time\nkept = []\nfor _ in range({mb}):\n    kept.append(b'x' * 1_000_000)\n    time.sleep(0.002)\n"


def run(megabytes: int) -> tuple[int, MemoryLimit]:
    """Run a process that allocates some megabytes. Return its exit status and its limit."""
    process = subprocess.Popen([sys.executable, "-c", GROW.format(mb=megabytes)])
    with MemoryLimit(process.pid, LIMIT_MB) as limit:
        return process.wait(60), limit


def test_a_process_beyond_its_limit_is_killed() -> None:
    status, limit = run(1000)
    assert status == -signal.SIGKILL
    assert limit.kills >= 1
    assert LIMIT_MB < limit.peak_mb < 2 * LIMIT_MB


def test_a_process_within_its_limit_goes_on() -> None:
    status, limit = run(50)
    assert status == 0
    assert limit.kills == 0
    assert 50 < limit.peak_mb < LIMIT_MB
