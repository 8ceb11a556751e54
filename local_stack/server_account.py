"""The account that the servers run as: the current user, or an existing unprivileged account if that is root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from local_stack.errors import INSTEAD, StackError


@dataclass(frozen=True)
class ServerAccount:
    """An existing account of this machine. It is never created here."""

    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        os.chown(path, self.uid, self.gid)


def server_account() -> ServerAccount | None:
    """Return the account to change to, or None if the servers run as the current user (PostgreSQL refuses root)."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StackError(
            "PostgreSQL does not run as root, and this machine has no account `nobody` to run it as.",
            remedy=f"Run the same command as an ordinary user. {INSTEAD}",
        ) from None
    return ServerAccount(uid=nobody.pw_uid, gid=nobody.pw_gid)


def make_private_folder(path: Path, account: ServerAccount | None) -> None:
    """Create a folder that only the servers' account and root may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        account.own(path)


def write_private_file(path: Path, text: str, account: ServerAccount | None) -> None:
    """Replace a file atomically by one that only the servers' account and root may read."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if account is not None:
        account.own(fresh)
    fresh.replace(path)
