"""A processor in a child process, so that several cores work. The receiving process sends batches and awaits results.

A child that dies is started again and gets the same messages. Those that it had committed count as duplicates.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, NamedTuple

from rencheng.domain.message import ReceivedMessage
from rencheng.runtime.lifecycle import tune_garbage_collection
from rencheng.runtime.logs import get_logger, set_up_logs
from services.ingest.processing.processor import open_processor
from services.ingest.processing.writer import Stopped
from services.ingest.result import BatchResult
from services.ingest.settings import IngestSettings

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

log = get_logger("ingest")

_CONTEXT = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
RESTART_AFTER_S = 0.5
JOIN_TIMEOUT_S = 10.0


class _Publish(NamedTuple):
    """The child asks to publish a reply."""

    topic: str
    payload: bytes


class _Received(NamedTuple):
    """The child reports how many readings its batch has, before it writes them."""

    readings: int


class RemoteProcessor:
    """A processor in a child process.

    Args:
        settings: of its writer.
        stop: set when the process is asked to stop.
        publish: sends a reply to a device.
        on_received: called with the number of readings of a batch before it is written.
    """

    def __init__(
        self,
        settings: IngestSettings,
        stop: threading.Event,
        publish: Callable[[str, bytes], bool],
        on_received: Callable[[int], None],
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._publish = publish
        self._on_received = on_received
        self._start()

    def process(self, messages: Sequence[ReceivedMessage], *, received_through: datetime) -> BatchResult:
        """Have the child process a batch; see `BatchProcessor.process`. Restart the child each time it dies."""
        is_counted = False
        while True:
            try:
                self._pipe.send((messages, received_through))
                while not isinstance(reply := self._receive(), BatchResult):
                    if isinstance(reply, _Publish):
                        self._publish(*reply)
                    elif not is_counted:  # a restarted child reports the same readings again
                        is_counted = True
                        self._on_received(reply.readings)
            except (EOFError, OSError):
                if self._stop.is_set():
                    raise Stopped from None
                log.warning("writer process died, starting it again", writer=self._settings.writer_name)
                self.close()
                if self._stop.wait(RESTART_AFTER_S):
                    raise Stopped from None
                self._start()
            else:
                return reply

    def close(self) -> None:
        """End the process. What it has not committed is not acknowledged."""
        self._pipe.close()
        self._stop_pipe.close()
        self._process.join(JOIN_TIMEOUT_S)
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        self._pipe, pipe = _CONTEXT.Pipe()
        self._stop_pipe, stop_pipe = _CONTEXT.Pipe()
        self._process: BaseProcess = _CONTEXT.Process(
            target=_run, args=(self._settings, pipe, stop_pipe), name=self._settings.writer_name, daemon=True
        )
        self._process.start()
        pipe.close()  # the child alone holds its ends, so that its death closes them
        stop_pipe.close()

    def _receive(self) -> BatchResult | _Publish | _Received:
        while not self._pipe.poll(1.0):
            if self._stop.is_set():
                self._stop_pipe.close()  # the child may be waiting for the database; it now gives up
        reply: BatchResult | _Publish | _Received = self._pipe.recv()
        return reply


def _run(settings: IngestSettings, pipe: "Connection[Any, Any]", stop_pipe: "Connection[Any, Any]") -> None:
    """Process batches in the child until a pipe is closed."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the receiving process decides when to end
    set_up_logs()
    stop, sending = threading.Event(), threading.Lock()
    threading.Thread(target=_set_when_closed, args=(stop_pipe, stop), daemon=True).start()

    def send(reply: BatchResult | _Publish | _Received) -> None:
        with sending:
            pipe.send(reply)

    def publish(topic: str, payload: bytes) -> bool:
        try:
            send(_Publish(topic, payload))
        except OSError:
            return False
        return True

    try:
        with open_processor(settings, stop, publish, lambda readings: send(_Received(readings))) as processor:
            tune_garbage_collection()
            while True:
                messages, received_through = pipe.recv()
                send(processor.process(messages, received_through=received_through))
    except (EOFError, OSError, Stopped):
        pass


def _set_when_closed(stop_pipe: "Connection[Any, Any]", stop: threading.Event) -> None:
    """Set `stop` after the receiving process closes the pipe or dies."""
    parent = multiprocessing.parent_process()
    wait([stop_pipe, *([parent.sentinel] if parent else [])])
    stop.set()
