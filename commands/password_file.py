"""A file for new passwords, readable by its owner only."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rencheng.domain.errors import NotPossible


@contextmanager
def password_writer(file: Path | None, *, shown_max: int) -> Iterator[Callable[[Mapping[str, str]], None]]:
    """Yield a function that writes new passwords to a file. Call it before the passwords are committed.

    A password that is committed and not written is lost. The file is deleted again if the transaction fails.

    Args:
        file: a file that does not exist yet; None if the passwords are printed instead.
        shown_max: how many passwords may be printed instead of written.
    """
    written: list[Path] = []

    def write(new: Mapping[str, str]) -> None:
        if not new or (file is None and len(new) <= shown_max):
            return
        if file is None:
            raise NotPossible(f"{len(new):,} passwords are created: give a file for them with --passwords FILE")
        _write_new_file(file, new)
        written.append(file)

    try:
        yield write
    except BaseException:
        for each in written:
            each.unlink()
        raise


def _write_new_file(file: Path, passwords: Mapping[str, str]) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise NotPossible(f"{file} cannot be created: {error.strerror}; no device was registered") from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["device_id", "password"])
        rows.writerows(passwords.items())
        out.flush()
        os.fsync(out.fileno())
