"""Connections that give up on a server that accepts queries and does not answer.

`statement_timeout` is the server's; a server that hangs (a stopped process, a dead disk) never applies it.
"""

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import psycopg
from psycopg import waiting
from sqlalchemy import Engine, event

RV = TypeVar("RV")

LOOK_EVERY_S = 0.1
"""How often a waiting query looks at its deadline."""


class BoundedConnection(psycopg.Connection[Any]):
    """A connection on which no query waits for an answer beyond a deadline.

    Attributes:
        answer_within_s: the longest wait for one answer; None for ever.
        is_given_up: returns whether the wait ends at once.
    """

    answer_within_s: float | None = None
    is_given_up: Callable[[], bool] = staticmethod(lambda: False)

    def wait(self, gen: Generator[Any, Any, RV], interval: float = LOOK_EVERY_S, timeout: float | None = None) -> RV:
        """Wait for an answer as the driver does, within the deadline.

        Raises:
            psycopg.OperationalError: the server did not answer. The connection is closed.
        """
        return super().wait(self._bounded(gen), min(interval or LOOK_EVERY_S, LOOK_EVERY_S), timeout)

    def _bounded(self, gen: Generator[Any, Any, RV]) -> Generator[Any, Any, RV]:
        until_s = None if self.answer_within_s is None else time.monotonic() + self.answer_within_s
        try:
            state = next(gen)
            while True:
                ready = yield state
                if ready == waiting.Ready.NONE and ((until_s and time.monotonic() > until_s) or self.is_given_up()):
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the database accepted a query and does not answer")
                state = gen.send(ready)
        except StopIteration as end:
            result: RV = end.value
            return result


def bound_answers(engine: Engine, answer_within_s: float, is_given_up: Callable[[], bool] = lambda: False) -> None:
    """Let an engine's new connections give up after a time, or as soon as `is_given_up` returns true."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BoundedConnection:
        connection = BoundedConnection.connect(*args, **kwargs)
        connection.answer_within_s = answer_within_s
        connection.is_given_up = is_given_up
        return connection
