"""Keep the certificates of the platform's own servers valid."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from commands.tls.authority import AUTHORITY, certificates, create_authority, files_of, issue

RENEW_BEFORE = timedelta(days=30)
SERVERS = ("broker", "api")


def keep_certificates(folder: Path, hosts: Sequence[str], now: datetime) -> list[str]:
    """Create the authority if there is none, issue what is missing, ends soon or names other hosts.

    Returns:
        The names of the certificates issued.
    """
    if not files_of(folder, AUTHORITY).key.exists():
        create_authority(folder)
    valid = {
        one.name for one in certificates(folder) if one.ends_at - now > RENEW_BEFORE and set(one.hosts) == set(hosts)
    }
    issued = [name for name in SERVERS if name not in valid]
    for name in issued:
        issue(folder, name, hosts=hosts)
    return issued
