"""Starts a server that outlives the command that started it, and stops it."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local_stack.errors import StackError
from local_stack.process_table import is_alive
from local_stack.server_account import ServerAccount

POLL_S = 0.02
LOG_LIMIT_BYTES = 10_000_000
STILL_STARTING = (
    "After a crash it first recovers its data, which can take minutes. It continues: wait, then run the same command"
    " again. "
)

# Servers started by this process. Their Popen objects are kept to collect their exit codes.
_started: dict[int, subprocess.Popen[bytes]] = {}


def start(
    command: Sequence[str],
    *,
    folder: Path,
    log_file: Path,
    environment: Mapping[str, str],
    account: ServerAccount | None,
) -> int:
    """Start a server in a session of its own, as the account. Return its process id."""
    _turn_over(log_file)
    with log_file.open("ab") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
        )
    _started[server.pid] = server
    _allow_many_connections(server.pid)
    return server.pid


def await_ready(is_ready: Callable[[], bool], *, pid: int, name: str, log_file: Path, timeout_s: float) -> None:
    """Wait until the server answers. If it ends or takes too long, raise an error with the end of its log."""
    deadline = time.monotonic() + timeout_s
    while not is_ready():
        if not is_running(pid):
            raise _start_failure(f"{name} ended while it started.", log_file, remedy="")
        if time.monotonic() > deadline:
            what = f"{name} (process {pid}) did not answer within {timeout_s:.0f} s, and is still starting."
            raise _start_failure(what, log_file, remedy=STILL_STARTING)
        time.sleep(POLL_S)


def end(pid: int, *, with_signal: signal.Signals, name: str, log_file: Path, timeout_s: float) -> None:
    """Send a signal to a server and wait until it has ended."""
    send(pid, with_signal)
    if not await_gone([pid], timeout_s=timeout_s):
        raise StackError(
            f"{name} (process {pid}) did not end within {timeout_s:.0f} s.", remedy=f"Its log is {log_file}."
        )


def await_gone(pids: Sequence[int], *, timeout_s: float) -> bool:
    """Wait until none of the processes runs. Return False if they did not end in time."""
    deadline = time.monotonic() + timeout_s
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def send(pid: int, which: signal.Signals) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    try:
        os.kill(pid, which)
    except ProcessLookupError:
        return


def is_running(pid: int) -> bool:
    """Return whether a server runs. Collect its exit status if it was started here and has ended."""
    server = _started.get(pid)
    if server is not None and server.poll() is not None:
        del _started[pid]
    return is_alive(pid)


def last_lines(log_file: Path, *, count: int) -> list[str]:
    """Return the end of a log."""
    if not log_file.exists():
        return []
    with log_file.open("rb") as log:
        log.seek(max(0, log_file.stat().st_size - 400 * count))
        return log.read().decode(errors="replace").splitlines()[-count:]


def _start_failure(what: str, log_file: Path, *, remedy: str) -> StackError:
    log_end = [f"  {line}" for line in last_lines(log_file, count=12)]
    return StackError("\n".join([what, *log_end]), remedy=f"{remedy}The whole log is {log_file}.")


def _turn_over(log_file: Path) -> None:
    if log_file.exists() and log_file.stat().st_size > LOG_LIMIT_BYTES:
        log_file.replace(log_file.with_name(log_file.name + ".1"))


def _allow_many_connections(pid: int) -> None:
    """Raise the limit of open files, because each connection is one and the usual limit is 1,024."""
    try:
        _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):
        return  # not allowed everywhere; a thousand connections are enough
