"""The reference device: it stores and forwards, and deletes only settled messages.

Every step is meant to be copied into firmware. docs/how-to/build-a-device.md explains them.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence

from device_sims.client import DeviceClient
from device_sims.messages import split_into_messages
from device_sims.send_queue import SendPolicy, SendQueue
from device_sims.spool import Spool
from rencheng.codecs.base import Codec
from rencheng.codecs.receipts import RejectedPart, decode_receipt
from rencheng.codecs.registry import CODECS
from rencheng.domain.errors import Rejected
from rencheng.domain.reading import Reading

TICK_S = 0.05
REJECTED_KEPT = 100


class StoreAndForwardDevice:
    """A device with a spool, on a connection of its own.

    Args:
        client: its connection, not yet started.
        spool: its storage; it may have messages from before.
        codec: the format of its payloads.
        policy: how it sends.
    """

    def __init__(
        self, client: DeviceClient, spool: Spool, *, codec: Codec = CODECS["json"], policy: SendPolicy | None = None
    ) -> None:
        self._client = client
        self._spool = spool
        self._codec = codec
        self._policy = policy or SendPolicy()
        self._queue = SendQueue(self._policy, lambda after, before, most: spool.between(after, before, at_most=most))
        self._lock = threading.Lock()
        self._rejected: deque[RejectedPart] = deque(maxlen=REJECTED_KEPT)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"store-and-forward {client.device.device_id}", daemon=True
        )
        client.on_reply = self._on_reply

    @property
    def rejected(self) -> list[RejectedPart]:
        """The last rejected parts. Their messages are settled, because quarantine keeps them for correction."""
        return list(self._rejected)

    @property
    def disconnect_reason(self) -> str | None:
        """Why the device is not connected; None if it is."""
        return self._client.disconnect_reason

    def start(self) -> None:
        """Connect and start to forward. Return at once."""
        self._client.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop forwarding and disconnect. Unsettled messages stay in the spool."""
        self._stop.set()
        self._thread.join()
        self._client.stop()

    def record(self, readings: Sequence[Reading]) -> None:
        """Store readings, and send them when possible. After the return they cannot be lost."""
        for payload, count in split_into_messages(self._codec, readings):
            number = self._spool.add(payload, readings=count)
            if number is not None:
                with self._lock:
                    self._queue.add(number, time.monotonic())

    def _run(self) -> None:
        allowance = 0.0
        while not self._stop.wait(TICK_S):
            allowance = min(allowance + self._policy.per_s * TICK_S, max(1.0, self._policy.per_s))
            if self._client.disconnect_reason is None:
                allowance -= self._forward(int(allowance))

    def _forward(self, at_most: int) -> int:
        with self._lock:
            numbers = self._queue.next(time.monotonic(), at_most)
        for number in numbers:
            message = self._spool.find(number)
            if message is not None:  # otherwise it was settled a moment ago
                self._client.send(message.payload, readings=message.readings)
        return len(numbers)

    def _on_reply(self, payload: bytes) -> None:
        try:
            receipt = decode_receipt(payload)
        except Rejected:
            return  # the topic carries other replies as well
        settled = self._spool.settle(receipt.settled)
        self._rejected.extend(receipt.rejected)
        with self._lock:
            self._queue.remove(settled)
            if receipt.shed:
                self._queue.hold_backlog(time.monotonic() + receipt.shed.retry_after_s)
