"""Send the messages of calls: each ask becomes a dispatch for each contact method of the person."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rencheng.domain.site import Site
from rencheng.response.calls.call import Call
from rencheng.response.calls.intents import Ask, AskKind, CancelAsks
from rencheng.response.calls.wording import content_of, uses_of
from rencheng.response.delivery.dispatch import DispatchIntent, DispatchSource
from rencheng.response.delivery.subscription import EXPIRY
from rencheng.store.calls.answers import make_link
from rencheng.store.calls.asks import PersonMethod, cancel_asks, proven_methods
from rencheng.store.calls.calls import called_sites
from rencheng.store.core.database import Connection, database_now
from rencheng.store.response.enqueue import enqueue

ASKS_MAX = 1000
"""Asks of one round that are told apart by their place in the line."""


class AskSender:
    """Sends the asks of calls, in the transaction that decides them.

    Args:
        public_url: the address of the API, under which people answer.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")

    def __call__(self, connection: Connection, call: Call, intents: Sequence[object]) -> None:
        """Cancel and write messages, in the order of the intents."""
        asks = [one for one in intents if isinstance(one, Ask)]
        site = called_sites(connection, [call.site_id]).get(call.site_id) if asks else None
        methods = proven_methods(connection, {one.person_id for one in asks}, call.world, call.level) if asks else {}
        now = database_now(connection)
        for one in intents:
            if isinstance(one, CancelAsks):
                cancel_asks(connection, call.warning_id, one.person_id)
            elif isinstance(one, Ask) and site is not None:
                own = methods.get(one.person_id, [])
                link = self._link(connection, call.warning_id, one) if own else None
                enqueue(connection, list(_intents(call, site, one, own, link, now)))

    def _link(self, connection: Connection, warning_id: str, ask: Ask) -> str | None:
        if ask.kind is AskKind.ENDED:
            return None
        return f"{self._public_url}/answers/{make_link(connection, warning_id, ask.person_id, ask.round, ask.ask)}"


def _intents(
    call: Call, site: Site, ask: Ask, methods: Sequence[PersonMethod], link: str | None, now: datetime
) -> Iterator[DispatchIntent]:
    content = content_of(call, site, ask, link, now)
    is_end = ask.kind is AskKind.ENDED
    uses = uses_of([method.kind for method in methods], ask.channels, call.level, _wait_s(call))
    for method, after_s in zip(methods, uses, strict=True):
        due_at = now + timedelta(seconds=after_s)
        yield DispatchIntent(
            method_id=method.method_id,
            world=call.world,
            source=DispatchSource.CALL,
            source_id=f"{call.warning_id}/{'end' if is_end else ask.ask}",
            purpose="call",
            level=call.level,
            line=f"call {call.warning_id}",
            sequence=ask.round * ASKS_MAX + (ASKS_MAX - 1 if is_end else ask.ask),
            due_at=due_at,
            expires_at=due_at + EXPIRY,
            round=ask.round,
            warning_id=call.warning_id,
            is_end=is_end,
            content=content,
        )


def _wait_s(call: Call) -> float:
    return call.policy.steps[min(max(call.step, 1), len(call.policy.steps)) - 1].wait_s
