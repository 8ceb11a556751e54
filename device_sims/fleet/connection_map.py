"""The connection of each device: its own if it has an account, else one of its gateway. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from device_sims.errors import NoBrokerAccount
from device_sims.fleet.connection import BrokerLogin
from device_sims.fleet.plan import FleetMember
from rencheng.domain.gateway import Gateway

REGIONS_APART = 10
"""Consecutive devices are in different regions, so every tenth shares a gateway."""


@dataclass(frozen=True, slots=True)
class ConnectionMap:
    """The logins of all connections, and for each device the number of its connection."""

    accounts: list[BrokerLogin]
    connection_of: list[int]


def map_connections(
    members: Sequence[FleetMember], passwords: Mapping[str, str], *, per_gateway: int = 4
) -> ConnectionMap:
    """Assign every device to a connection.

    Args:
        members: the fleet.
        passwords: by the names of broker accounts.
        per_gateway: connections per gateway; its devices are spread over them.

    Raises:
        NotEnrolled: a device has neither an account nor a gateway.
    """
    accounts: list[BrokerLogin] = []
    numbers: dict[str, int] = {}
    line_of = []
    for place, member in enumerate(members):
        user = member.device_id
        client_id = user
        if user not in passwords:
            user = Gateway(member.region, member.kind).account
            client_id = f"{user}-{place // REGIONS_APART % per_gateway}"
        if user not in passwords:
            raise NoBrokerAccount(f"there is no account for {member.device_id}, and none for its gateway {user}")
        if client_id not in numbers:
            numbers[client_id] = len(accounts)
            accounts.append(BrokerLogin(client_id, user, passwords[user]))
        line_of.append(numbers[client_id])
    return ConnectionMap(accounts, line_of)
