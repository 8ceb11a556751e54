"""A sender that works in a process of its own, so that it shares no interpreter with what it loads."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Concatenate, Generic, ParamSpec, TypeVar

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class SenderProcess(Generic[Result]):
    """A process that runs a function and sends its result back.

    Args:
        send: a function of a module; its first argument takes the result (`result.send(...)`).
        arguments: its other arguments.
    """

    def __init__(
        self,
        send: Callable[Concatenate[Connection, Arguments], None],
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> None:
        context = get_context("spawn")
        self._result, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=send, args=(theirs, *arguments), kwargs=options, daemon=True)

    def start(self) -> None:
        """Start to send."""
        self._process.start()

    def is_done(self) -> bool:
        """Return whether the result is there."""
        return self._result.poll(0)

    def result(self, *, within_s: float) -> Result:
        """Wait for the result.

        Raises:
            TimeoutError: it did not come in time. The process is killed.
        """
        if not self._result.poll(within_s):
            self._process.kill()
            raise TimeoutError(f"the broker did not take the load within {within_s:.0f} s")
        result: Result = self._result.recv()
        self._process.join()
        return result
