"""Memory and CPU time of a process and its children, from /proc."""

import os
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the processes that this one started."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return []


def rss_mb(pid: int) -> float | None:
    """Return resident memory in MB; None if there is no such process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), None)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and its children. On a shared machine they say more than elapsed time."""
    ticks = 0
    for one in [pid, *children(pid)]:
        with suppress(OSError):  # it ended a moment ago
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class MemoryPeaks:
    """The greatest resident memory of a process and of each of its children."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks_mb: dict[int, float] = {}

    def sample(self) -> None:
        """Read the memory of all of them now."""
        for pid in [self._pid, *children(self._pid)]:
            if (now_mb := rss_mb(pid)) is not None:
                self._peaks_mb[pid] = max(now_mb, self._peaks_mb.get(pid, 0.0))

    def peaks_mb(self) -> list[float]:
        """Return the peaks in MB, largest first."""
        return sorted(self._peaks_mb.values(), reverse=True)
