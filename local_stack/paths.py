"""The folders of the local stack. Programs are shared by all clones of a user; data belongs to one checkout."""

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from local_stack.errors import StackError
from local_stack.server_account import ServerAccount, server_account

SHARED_MODE = 0o755  # the unprivileged account must reach what lies below


@dataclass(frozen=True)
class SharedHome:
    """The only folder outside the checkout that the local stack writes to."""

    folder: Path
    account: ServerAccount | None

    @property
    def apt(self) -> Path:
        """Apt's private state and the downloaded packages."""
        return self.folder / "apt"

    @property
    def programs(self) -> Path:
        """The unpacked programs, one folder per recipe."""
        return self.folder / "programs"

    @property
    def lock_file(self) -> Path:
        """The lock held while programs are downloaded or unpacked."""
        return self.folder / "programs.lock"


@dataclass(frozen=True)
class CheckoutPaths:
    """The paths of one checkout."""

    home: SharedHome
    checkout: Path

    @property
    def folder(self) -> Path:
        """Data, logs and configuration of this checkout's servers."""
        name = hashlib.sha256(os.fsencode(self.checkout)).hexdigest()[:16]
        return self.home.folder / "checkouts" / name

    @property
    def lock_file(self) -> Path:
        """The lock held while the servers of this checkout are started, stopped or deleted."""
        return self.folder.with_suffix(".lock")

    @property
    def state_file(self) -> Path:
        """Ports and passwords, kept from the first `up`."""
        return self.folder / "state.json"

    @property
    def stack_env(self) -> Path:
        """The endpoints for the services' settings."""
        return self.checkout / ".rencheng" / "stack.env"


def paths_of(checkout: Path) -> CheckoutPaths:
    """Return the paths of a checkout, and create the folders above them."""
    place = CheckoutPaths(home=open_home(home_folder()), checkout=checkout.resolve())
    make_shared_folder(place.folder.parent)
    return place


def open_home(folder: Path) -> SharedHome:
    """Return a home in this folder, created if necessary."""
    try:
        make_shared_folder(folder)
    except OSError as error:
        raise StackError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            remedy="Set XDG_CACHE_HOME to a folder that you may write to.",
        ) from error
    return SharedHome(folder=folder.resolve(), account=server_account())


def home_folder() -> Path:
    """Return /var/lib/rencheng for root, because the servers' account can reach it; else the user's cache."""
    if os.geteuid() == 0:
        return Path("/var/lib/rencheng")
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (cache if cache.is_absolute() else _user_folder() / ".cache") / "rencheng"


def make_shared_folder(folder: Path) -> None:
    """Create a folder that others may read, regardless of the umask. Secrets in it have modes of their own."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(SHARED_MODE)


def _user_folder() -> Path:
    home = os.environ.get("HOME", "")
    return Path(home) if home.startswith("/") else Path(_home_in_passwd())


def _home_in_passwd() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        raise StackError(
            f"User {os.geteuid()} has no home folder.",
            remedy="Set HOME or XDG_CACHE_HOME to a folder that you may write to.",
        ) from None
