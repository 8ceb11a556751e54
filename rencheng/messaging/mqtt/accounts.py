"""The broker's accounts, in Mosquitto's own password form: three services, and each device by its own name."""

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
"""Names that begin so belong to services; no device may bear one, or it would have a service's rights."""

ITERATIONS = 101
"""What mosquitto_passwd uses. Passwords here are random and 128 bits long, so that no dictionary helps a thief."""

SALT_BYTES = 12


def new_password() -> str:
    """A random password of 128 bits, in letters that need no quoting anywhere."""
    return secrets.token_hex(16)


def password_hash(password: str) -> str:
    """A password as `password_file` wants it: $7$iterations$salt$hash, PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@contextmanager
def alone_at(path: Path) -> Iterator[None]:
    """Others who are about to write the same password file wait, so that nobody puts what is older over what is newer.

    Raises:
        Misconfigured: the folder is not there or not ours to write.
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
    """Replace the broker's password file, whole or not at all; its owner and rights stay as they are.

    The broker reads it anew on SIGHUP.

    Raises:
        Misconfigured: the folder is not there or not ours to write.
    """
    replace_file(path, "".join(f"{name}:{hashed}\n" for name, hashed in hashes))


def replace_file(path: Path, text: str) -> None:
    """Replace a file that the broker reads, whole or not at all; its owner and rights stay as they are.

    Raises:
        Misconfigured: the folder is not there or not ours to write.
    """
    fresh = path.with_name(path.name + ".fresh")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        if path.exists():
            there = path.stat()
            if os.geteuid() == 0:
                os.chown(fresh, there.st_uid, there.st_gid)
            fresh.chmod(there.st_mode & 0o777)
        fresh.replace(path)
    except OSError as error:
        raise Misconfigured(f"RENCHENG_MQTT_PASSWORD_FILE: cannot write {path}: {error.strerror}") from error
