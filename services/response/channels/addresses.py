"""Which network addresses a message may be sent to.

Checked where the connection is made, on every address of the name, and the checked address is the one that is
connected to: a name that resolves to another address a moment later changes nothing.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_EMBEDDING = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
"""IPv6 networks whose addresses contain an IPv4 address, which Python calls global. Source: RFC 6052, 3056, 4380."""


class AddressRefused(httpcore.ConnectError):
    """A name resolves to an address that messages may not be sent to."""


def is_allowed(address: Address, networks: Iterable[Network]) -> bool:
    """Return whether an address is public, or lies in one of the networks."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in networks):
        return True
    is_public = address.is_global and not address.is_multicast and not address.is_reserved
    return is_public and not any(address in network for network in _EMBEDDING)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name, checks all of its addresses, and connects to one of them.

    Args:
        networks: networks that are allowed though they are not public.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of httpcore
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect.

        Raises:
            AddressRefused: one of the addresses is not allowed.
            ConnectError: there is no such name, or no address accepts the connection.
        """
        try:
            async with asyncio.timeout(timeout):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        except OSError as error:
            raise httpcore.ConnectError(f"the name cannot be resolved: {error}") from None
        addresses = list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
        if not all(is_allowed(address, self._networks) for address in addresses):
            raise AddressRefused("the name resolves to an address that is not public; see RENCHENG_RESPONSE_NETWORKS")
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
