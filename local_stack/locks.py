"""A lock file between processes of one user. The kernel releases it when its last holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_stack.progress import ProgressReporter


@contextmanager
def hold_lock(lock_file: Path, *, waiting_for: str, report: ProgressReporter) -> Iterator[int]:
    """Hold the lock; if it is taken, report what it is waiting for. Yield the file descriptor.

    A child that inherits the descriptor holds the lock as well, until it ends. The holder may delete the file.
    """
    descriptor = _lock(lock_file, waiting_for=waiting_for, report=report)
    while not _is_in_place(lock_file, descriptor):  # whoever had it has deleted it, and others lock a new one
        os.close(descriptor)
        descriptor = _lock(lock_file, waiting_for=waiting_for, report=report)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(lock_file: Path, *, waiting_for: str, report: ProgressReporter) -> int:
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        report.print_line(f"waiting for {waiting_for}")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _is_in_place(lock_file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(lock_file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
