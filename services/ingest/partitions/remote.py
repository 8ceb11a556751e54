"""A desk in a process of its own, so that several cores work: the receiving process hands over, and waits for the word.

A process that dies is started again and given the same messages: what it had committed counts as duplicate.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from rencheng.intake import InboundPayload
from rencheng.runtime.lifecycle import tune_garbage_collection
from rencheng.runtime.logs import get_logger, set_up_logs
from services.ingest.processing.processor import open_processor
from services.ingest.processing.writer import Stopped
from services.ingest.result import BatchResult
from services.ingest.settings import IngestSettings

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

log = get_logger("ingest")

_CONTEXT = multiprocessing.get_context("spawn")  # a fork would take threads' locks along
AGAIN_AFTER_S = 0.5
END_S = 10.0


class RemoteProcessor:
    """A desk elsewhere; its `settle` is the desk's own.

    Args:
        settings: of its slot.
        stop: set when the process is asked to stop.
        tell: sends a device an answer.
        took_in: told how many readings a batch has, before it is written.
    """

    def __init__(
        self,
        settings: IngestSettings,
        stop: threading.Event,
        tell: Callable[[str, bytes], bool],
        took_in: Callable[[int], None],
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._tell = tell
        self._took_in = took_in
        self._start()

    def process(self, messages: Sequence[InboundPayload], *, received_through: datetime) -> BatchResult:
        """As `Desk.settle`; starts the process again, as often as it dies."""
        readings: int | None = None
        while True:
            try:
                self._line.send((messages, received_through))
                while not isinstance(word := self._receive(), BatchResult):
                    if isinstance(word, tuple):
                        self._tell(*word)
                    elif readings is None:  # they are the same ones if it died after it said so
                        readings = word
                        self._took_in(readings)
            except (EOFError, OSError):
                if self._stop.is_set():
                    raise Stopped from None
                log.warning("a process of ingest died, starting it again", worker=self._settings.writer_name)
                self.close()
                if self._stop.wait(AGAIN_AFTER_S):
                    raise Stopped from None
                self._start()
            else:
                return word

    def close(self) -> None:
        """End the process. What it has not committed is not acknowledged."""
        self._line.close()
        self._leash.close()
        self._process.join(END_S)
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        self._line, line = _CONTEXT.Pipe()
        self._leash, leash = _CONTEXT.Pipe()
        self._process: BaseProcess = _CONTEXT.Process(
            target=_work, args=(self._settings, line, leash), name=self._settings.writer_name, daemon=True
        )
        self._process.start()
        line.close()  # the other ends are the process's alone, so that its death ends them
        leash.close()

    def _receive(self) -> BatchResult | tuple[str, bytes] | int:
        while not self._line.poll(1.0):
            if self._stop.is_set():
                self._leash.close()  # the database may be away: it then gives up
        word: BatchResult | tuple[str, bytes] | int = self._line.recv()
        return word


def _work(settings: IngestSettings, pipe: "Connection[Any, Any]", stop_pipe: "Connection[Any, Any]") -> None:
    """The process: settles what it is given until the line or the leash is cut."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the receiving process decides when to end
    set_up_logs()
    stop, speaking = threading.Event(), threading.Lock()
    threading.Thread(target=_stop_with, args=(stop_pipe, stop), daemon=True).start()

    def tell(topic: str, payload: bytes) -> bool:
        try:
            say((topic, payload))
        except OSError:
            return False
        return True

    def say(word: object) -> None:
        with speaking:
            pipe.send(word)

    try:
        with open_processor(settings, stop, tell, say) as desk:
            tune_garbage_collection()
            while True:
                messages, received_through = pipe.recv()
                say(desk.process(messages, received_through=received_through))
    except (EOFError, OSError, Stopped):
        pass


def _stop_with(stop_pipe: "Connection[Any, Any]", stop: threading.Event) -> None:
    parent = multiprocessing.parent_process()
    wait([stop_pipe, *([parent.sentinel] if parent else [])])
    stop.set()
