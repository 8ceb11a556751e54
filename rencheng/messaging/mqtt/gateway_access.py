"""The broker's access rules for gateways in Mosquitto's format, appended to those of deploy/mosquitto/acl.conf.

The broker denies everything else: a gateway may act for the devices of its kind in its region alone.
"""

from collections.abc import Iterable
from pathlib import Path

from rencheng.domain.gateway import Gateway
from rencheng.domain.topic import ROOT, Channel
from rencheng.messaging.mqtt.accounts import replace_file

FILE_NAME = "gateways.acl"
"""The file beside the password file, where the start script of the broker expects it."""

_MAY_WRITE = (Channel.TELEMETRY, Channel.STATE, Channel.REPLY)
_MAY_READ = (Channel.COMMAND, Channel.REPLY)


def access_rules(gateways: Iterable[Gateway]) -> str:
    """Return the rules for all gateways."""
    lines = []
    for one in gateways:
        lines.append(f"user {one.account}")
        lines += [f"topic write {ROOT}/{one.region}/{one.kind}/+/{channel}" for channel in _MAY_WRITE]
        lines += [f"topic read {ROOT}/{one.region}/{one.kind}/+/{channel}" for channel in _MAY_READ]
    return "".join(f"{line}\n" for line in lines)


def write_access_rules(password_file: Path, gateways: Iterable[Gateway]) -> None:
    """Replace the rules beside the password file. The broker reads them again on SIGHUP.

    Raises:
        Misconfigured: the folder does not exist or is not writable.
    """
    replace_file(password_file.with_name(FILE_NAME), access_rules(gateways))
