"""Which device travels on which connection: on its own if it has an account, else on its gateway's. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from device_sims.errors import NoBrokerAccount
from device_sims.fleet.connection import BrokerLogin
from device_sims.fleet.plan import FleetMember
from rencheng.domain.gateway import Gateway

REGIONS_APART = 10
"""Neighbours in the list live in different regions, so that one in ten shares a gateway."""


@dataclass(frozen=True, slots=True)
class ConnectionMap:
    """The connections, and for each device the number of its own."""

    accounts: list[BrokerLogin]
    connection_of: list[int]


def map_connections(
    members: Sequence[FleetMember], passwords: Mapping[str, str], *, per_gateway: int = 4
) -> ConnectionMap:
    """Give every device its connection.

    Args:
        members: the fleet.
        passwords: by the names of broker accounts.
        per_gateway: how many connections a gateway has; its devices are dealt out to them.

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
