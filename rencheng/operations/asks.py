"""Send the messages of calls: each ask becomes a dispatch for each contact method of the person."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rencheng.domain.site import Site
from rencheng.response.calls.call import Call
from rencheng.response.calls.intents import Announce, Ask, AskKind, CancelAsks, Finding
from rencheng.response.calls.wording import WaysToAnswer, content_of, uses_of
from rencheng.response.delivery.dispatch import ContactKind, DispatchIntent, DispatchSource
from rencheng.response.delivery.subscription import EXPIRY
from rencheng.store.calls.answers import make_link
from rencheng.store.calls.asks import PersonMethod, cancel_asks, proven_methods
from rencheng.store.calls.calls import called_sites
from rencheng.store.calls.replies import AskedFor, make_reply_code
from rencheng.store.core.database import Connection, database_now
from rencheng.store.response.enqueue import enqueue
from rencheng.store.response.platform_messages import report_exhausted

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
        is_exhausted = any(isinstance(one, Announce) and one.finding is Finding.EXHAUSTED for one in intents)
        site = called_sites(connection, [call.site_id]).get(call.site_id) if asks or is_exhausted else None
        methods = proven_methods(connection, {one.person_id for one in asks}, call.world, call.level) if asks else {}
        now = database_now(connection)
        if is_exhausted and site is not None:
            report_exhausted(connection, call, (site.name_zh, site.name_en), now)
        for one in intents:
            if isinstance(one, CancelAsks):
                cancel_asks(connection, call.warning_id, one.person_id)
            elif isinstance(one, Ask) and site is not None:
                own = methods.get(one.person_id, [])
                ways = self._ways(connection, call.warning_id, one, own) if own else None
                enqueue(connection, list(_intents(call, site, one, own, ways, now)))

    def _ways(
        self, connection: Connection, warning_id: str, ask: Ask, methods: Sequence[PersonMethod]
    ) -> WaysToAnswer | None:
        if ask.kind is AskKind.ENDED:
            return None
        token = make_link(connection, warning_id, ask.person_id, ask.round, ask.ask)
        by_telephone = any(method.kind in {ContactKind.SMS, ContactKind.VOICE} for method in methods)
        asked = AskedFor(warning_id, ask.round, ask.ask)
        code = make_reply_code(connection, ask.person_id, asked) if by_telephone else None
        return WaysToAnswer(f"{self._public_url}/answers/{token}", code)


def _intents(
    call: Call, site: Site, ask: Ask, methods: Sequence[PersonMethod], ways: WaysToAnswer | None, now: datetime
) -> Iterator[DispatchIntent]:
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
            content=content_of(call, site, ask, ways, method.kind, now),
        )


def _wait_s(call: Call) -> float:
    return call.policy.steps[min(max(call.step, 1), len(call.policy.steps)) - 1].wait_s
