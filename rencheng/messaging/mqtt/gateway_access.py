"""The broker's access rules for gateways, in Mosquitto's form; they stand behind those of deploy/mosquitto/acl.conf.

Deny comes first: a gateway may do what is written, for the devices of its kind in its region, and no more.
"""

from collections.abc import Iterable
from pathlib import Path

from rencheng.domain.gateway import Gateway
from rencheng.domain.topic import ROOT, Channel
from rencheng.messaging.mqtt.accounts import replace_file

FILE_NAME = "gateways.acl"
"""Beside the password file, where the broker's starter looks for it."""

_MAY_WRITE = (Channel.TELEMETRY, Channel.STATE, Channel.REPLY)
_MAY_READ = (Channel.COMMAND, Channel.REPLY)


def access_rules(gateways: Iterable[Gateway]) -> str:
    """What each may write and read."""
    lines = []
    for one in gateways:
        lines.append(f"user {one.account}")
        lines += [f"topic write {ROOT}/{one.region}/{one.kind}/+/{channel}" for channel in _MAY_WRITE]
        lines += [f"topic read {ROOT}/{one.region}/{one.kind}/+/{channel}" for channel in _MAY_READ]
    return "".join(f"{line}\n" for line in lines)


def write_access_rules(password_file: Path, gateways: Iterable[Gateway]) -> None:
    """Replace the rules beside the password file. The broker reads them anew on SIGHUP.

    Raises:
        Misconfigured: the folder is not there or not ours to write.
    """
    replace_file(password_file.with_name(FILE_NAME), access_rules(gateways))
