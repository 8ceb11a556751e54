"""Which network addresses a message may be sent to.

Checked where the connection is made, on every address of the name, and the checked address is the one that is
connected to: a name that resolves to another address a moment later changes nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

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


class SocketStream(httpcore.AsyncNetworkStream):
    """A connection of asyncio as httpcore uses it, at half of the cost of its own, which has a deadline for each read.

    Here one deadline bounds the whole request.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - the signature of httpcore
        """Read what is there."""
        try:
            return await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Write all of it."""
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise httpcore.WriteError(str(error)) from None

    async def aclose(self) -> None:
        """Close without waiting for the other side."""
        self._writer.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Encrypt, and check the certificate."""
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            await self.aclose()
            raise httpcore.ConnectTimeout("no encryption in time") from None
        except OSError as error:
            await self.aclose()
            raise httpcore.ConnectError(str(error)) from None
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the signature of httpcore
        """Return a property of the connection."""
        return self._reader.at_eof() if info == "is_readable" else self._writer.get_extra_info(info)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name, checks all of its addresses, and connects to one of them.

    Args:
        networks: networks that are allowed though they are not public.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of httpcore
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
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
                async with asyncio.timeout(timeout):
                    return SocketStream(*await asyncio.open_connection(str(address), port))
            except TimeoutError:
                failure = httpcore.ConnectTimeout("no connection in time")
            except OSError as error:
                failure = httpcore.ConnectError(str(error))
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
