"""Generated passwords, and Mosquitto's password file."""

import base64
import hashlib
import secrets
from collections.abc import Mapping

ITERATIONS = 101  # mosquitto_passwd's own number
SALT_BYTES = 12


def generate_password() -> str:
    """Generate a password that needs no quoting in addresses, shells or env files."""
    return secrets.token_hex(16)


def password_file_text(accounts: Mapping[str, str]) -> str:
    """Return a Mosquitto password file: user names with salted hashes, as mosquitto_passwd writes them."""
    return "".join(f"{user}:{_hash(password)}\n" for user, password in accounts.items())


def _hash(password: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def generate_contact_key() -> str:
    """Return a random Fernet key, with which the platform encrypts addresses of contacts."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
