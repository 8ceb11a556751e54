"""Reading /proc: which processes are ours, and are they alive.

The process table itself says what runs: a server is known by its program's name and by the one argument that names its
folder. So there is no pid file that could be stale, and no other process can be taken for ours.
"""

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def find_server(*, program: str, argument: str) -> int | None:
    """The process id of the server that was started with this argument."""
    found = [pid for pid in _pids() if _is_server(pid, program=program, argument=argument) and is_alive(pid)]
    heads = [pid for pid in found if _parent(pid) not in found]  # a child just forked still bears its parent's name
    return heads[0] if heads else None


def arguments_of(pid: int) -> list[str]:
    """The command line of a process; empty if it is gone."""
    try:
        return os.fsdecode((PROC / str(pid) / "cmdline").read_bytes()).split("\0")
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    """Whether the process runs. One that has ended and only waits for its parent to notice does not."""
    return _status(pid)[0] not in {"", "Z", "X"}


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    return [other for other in _pids() if _parent(other) == pid]


def _is_server(pid: int, *, program: str, argument: str) -> bool:
    arguments = arguments_of(pid)
    return argument in arguments and Path(arguments[0]).name == program


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _parent(pid: int) -> int:
    return int(_status(pid)[1])


def _status(pid: int) -> tuple[str, str]:
    """State letter and parent from /proc/<pid>/stat; the name before them may hold spaces and brackets."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return "", "0"
    return fields[0], fields[1]
