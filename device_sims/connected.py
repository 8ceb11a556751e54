"""Many devices at once: connected together and always disconnected at the end."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from device_sims.client import BrokerAddress, DeviceClient, SimulatedDevice

CONNECT_TIMEOUT_S = 30.0


@contextmanager
def connected(
    devices: Iterable[SimulatedDevice], broker: BrokerAddress, *, timeout_s: float = CONNECT_TIMEOUT_S
) -> Iterator[dict[str, DeviceClient]]:
    """Connect all devices, yield them by name, and stop all of them at the end.

    Raises:
        NotConnected: a device could not connect within the common timeout.
    """
    ends_at = time.monotonic() + timeout_s
    clients = {device.device_id: DeviceClient(device, broker) for device in devices}
    try:
        for client in clients.values():
            client.start()
        for client in clients.values():
            client.await_connected(timeout_s=max(0.0, ends_at - time.monotonic()))
        yield clients
    finally:
        # in parallel, because each may wait for a broker that is away
        with ThreadPoolExecutor(max_workers=max(1, len(clients))) as pool:
            list(pool.map(DeviceClient.stop, clients.values()))
