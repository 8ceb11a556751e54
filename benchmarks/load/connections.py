"""Raw MQTT connections of devices: they publish packets made beforehand, and count PUBACKs without reading them."""

import socket
import time

from rencheng.messaging.mqtt.packets import connect_packet

PUBACK_BYTES = 4
ACCEPTED = b"\x20\x02\x00\x00"
READ_BYTES = 65536
RETRY_S = 0.2


def open_connection(address: tuple[str, int], account: str, password: str, *, within_s: float = 0.0) -> socket.socket:
    """Connect as a device.

    Args:
        address: the broker's.
        account: its client id and user.
        password: its password.
        within_s: how long to try again; the broker loads a new account a moment after it is written.

    Raises:
        ConnectionError: the broker refuses the account.
    """
    until_s = time.monotonic() + within_s
    while True:
        connection = socket.create_connection(address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(connect_packet(account, account, password))
        if connection.recv(4) == ACCEPTED:
            return connection
        connection.close()
        if time.monotonic() > until_s:
            raise ConnectionError(f"the broker refuses {account}")
        time.sleep(RETRY_S)


def puback_bytes(connection: socket.socket) -> int:
    """Return how many bytes of PUBACKs have come. After CONNACK a broker sends a publisher nothing else.

    Raises:
        ConnectionError: the broker closed the connection, so no more can be counted.
    """
    try:
        data = connection.recv(READ_BYTES, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return 0
    if not data:
        raise ConnectionError("the broker closed the connection of a device")
    return len(data)
