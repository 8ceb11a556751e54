"""The broker's accounts in Mosquitto's password format: three for services, and one for each device."""

import base64
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rencheng.domain.errors import Misconfigured

SERVICE_PREFIX = "rencheng-"
"""The prefix of the services' accounts. No device may have such a name, because it would have a service's rights."""

ITERATIONS = 101
"""The number that mosquitto_passwd uses. It suffices, because the passwords are random and 128 bits long."""

SALT_BYTES = 12


def new_password() -> str:
    """Return a random password of 128 bits, as hexadecimal digits, which need no quoting."""
    return secrets.token_hex(16)


def password_hash(password: str) -> str:
    """Return a password in the format of `password_file`: $7$iterations$salt$hash, PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@contextmanager
def alone_at(path: Path) -> Iterator[None]:
    """Lock the password file against other writers, so that no older content replaces newer content.

    Raises:
        Misconfigured: the folder does not exist or is not writable.
    """
    try:
        lock = os.open(path.with_name(".accounts.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Misconfigured(f"RENCHENG_MQTT_PASSWORD_FILE: cannot write {path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def write_password_file(path: Path, hashes: Iterable[tuple[str, str]]) -> None:
    """Replace the broker's password file atomically, and keep its owner and mode.

    The broker reads it again on SIGHUP.

    Raises:
        Misconfigured: the folder does not exist or is not writable.
    """
    replace_file(path, "".join(f"{name}:{hashed}\n" for name, hashed in hashes))


def replace_file(path: Path, text: str) -> None:
    """Replace a file of the broker atomically, and keep its owner and mode.

    Raises:
        Misconfigured: the folder does not exist or is not writable.
    """
    new = path.with_name(path.name + ".new")
    try:
        new.touch(mode=0o600)
        new.write_text(text, encoding="utf-8")
        if path.exists():
            old = path.stat()
            if os.geteuid() == 0:
                os.chown(new, old.st_uid, old.st_gid)
            new.chmod(old.st_mode & 0o777)
        new.replace(path)
    except OSError as error:
        raise Misconfigured(f"RENCHENG_MQTT_PASSWORD_FILE: cannot write {path}: {error.strerror}") from error
