"""The process table in /proc: which servers are ours, and whether they run.

A server is found by its program's name and the argument that names its folder. So there is no pid file that can be
stale, and no other process is mistaken for ours.
"""

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def find_server(*, program: str, argument: str) -> int | None:
    """Return the process id of the server that was started with this argument; None if there is none."""
    found = [pid for pid in _pids() if _is_server(pid, program=program, argument=argument) and is_alive(pid)]
    heads = [pid for pid in found if _parent(pid) not in found]  # a child just forked still bears its parent's name
    return heads[0] if heads else None


def arguments_of(pid: int) -> list[str]:
    """Return the command line of a process; empty if it is gone."""
    try:
        return os.fsdecode((PROC / str(pid) / "cmdline").read_bytes()).split("\0")
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    """Return whether the process runs. A zombie does not."""
    return _status(pid)[0] not in {"", "Z", "X"}


def children(pid: int) -> list[int]:
    """Return the processes that this one started."""
    return [other for other in _pids() if _parent(other) == pid]


def _is_server(pid: int, *, program: str, argument: str) -> bool:
    arguments = arguments_of(pid)
    return argument in arguments and Path(arguments[0]).name == program


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _parent(pid: int) -> int:
    return int(_status(pid)[1])


def _status(pid: int) -> tuple[str, str]:
    """Return state letter and parent from /proc/<pid>/stat. The name before them may have spaces and brackets."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return "", "0"
    return fields[0], fields[1]
