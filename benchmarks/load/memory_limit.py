"""A memory limit as a container has it: a process that needs more is killed.

A control group needs root. Reading /proc does not, so an ordinary user can run the same tests.
"""

import os
import signal
from contextlib import suppress

from benchmarks.load.process_tree import children, rss_mb
from rencheng.runtime.periodic import PeriodicThread

SAMPLE_S = 0.02
"""The interval between samples, seconds. Python allocates at most about 40 MB in this time."""


class MemoryLimit(PeriodicThread):
    """A limit on the resident memory of a process and its children, as `mem_limit` sets it in docker-compose.yml.

    Beyond the limit the largest process of them is killed (SIGKILL), as the kernel does. As a context it watches from
    the beginning to the end.

    Args:
        pid: the process. A process that another one replaces is named by `watch`.
        limit_mb: the limit in MB, for the process and its children together.
    """

    def __init__(self, pid: int, limit_mb: float) -> None:
        self._pid = pid
        self.limit_mb = limit_mb
        super().__init__(self.sample, SAMPLE_S, name="memory limit")
        self.peak_mb = 0.0
        self.kills = 0

    def watch(self, pid: int) -> None:
        """Watch another process, which a supervisor started in place of a killed one."""
        self._pid = pid

    def sample(self) -> None:
        """Read the memory once, and kill the largest process if it is beyond the limit."""
        used_mb = {pid: used for pid in _tree(self._pid) if (used := rss_mb(pid)) is not None}
        total_mb = sum(used_mb.values())
        self.peak_mb = max(self.peak_mb, total_mb)
        if total_mb > self.limit_mb:
            self.kills += 1
            with suppress(ProcessLookupError):
                os.kill(max(used_mb, key=lambda pid: used_mb[pid]), signal.SIGKILL)


def _tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    return [pid, *(below for child in children(pid) for below in _tree(child))]
