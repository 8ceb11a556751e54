"""Admit requests: the key, its scopes, the limits and the parameters are checked before a body is read.

A request under /v1 needs a key, whether a route answers it or not. Who sends no key that is in force is limited by
address; a key is limited by its own requests. `/health` is never limited.
"""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qsl

import anyio
from anyio import CapacityLimiter
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rencheng.domain.device import ACTUAL, ALL_WORLDS
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.metrics.api import LIMITED_REQUESTS
from rencheng.store.access import api_keys
from rencheng.store.access.person_sessions import session_id_of
from services.api.auth.authenticator import Authenticator, token_of
from services.api.auth.challenges import key_not_in_force
from services.api.auth.principal import Principal
from services.api.auth.session_cookie import SessionCookie
from services.api.http import errors
from services.api.http.body import BodyDeadline, check_length
from services.api.http.errors import AuthenticationRequired, TooManyRequests
from services.api.http.rate_limits import TokenBuckets, network_of
from services.api.http.route_rules import RouteRule, RouteRules

GUARDED_PREFIX = "/v1"
NEVER_LIMITED = "/health"

LOOKUPS = 2
"""Keys that are looked up in the database at the same time."""

LOOKUPS_PER_S, LOOKUPS_BURST = 50.0, 200.0
"""The most lookups of keys that were never accepted, over all addresses."""

WAITING_MAX, WAITING_S = 50, 10.0
"""The most requests of one key that wait for earlier ones, and how long, seconds."""


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """How much one key and one address may ask for.

    Attributes:
        key_per_s: requests of a key in a second, on average; ten times as many at once.
        key_running: requests of a key that run at the same time; further ones wait.
        address_per_s: requests of an address without a key in force in a second, on average; ten times as many at once.
    """

    key_per_s: float = 50.0
    key_running: int = 5
    address_per_s: float = 10.0


BURST_S = 10.0
"""A full bucket holds the requests of this time."""


class AccessControl:
    """Middleware that admits requests.

    Args:
        app: the application.
        rules: the rules of its routes.
        authenticator: verifies tokens.
        cookie: the cookie of sessions.
        limits: see `AccessLimits`.
        on_refused: called with the address and the key's id for each key that is not in force.
        clock: the time.
    """

    def __init__(
        self,
        app: ASGIApp,
        rules: RouteRules,
        authenticator: Authenticator,
        cookie: SessionCookie,
        limits: AccessLimits,
        on_refused: Callable[[str, str], None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._app = app
        self._rules = rules
        self._authenticator = authenticator
        self._cookie = cookie
        self._limits = limits
        self._on_refused = on_refused
        self._by_key = TokenBuckets(limits.key_per_s, limits.key_per_s * BURST_S, clock)
        self._by_address = TokenBuckets(limits.address_per_s, limits.address_per_s * BURST_S, clock)
        self._lookups = TokenBuckets(LOOKUPS_PER_S, LOOKUPS_BURST, clock)
        self._running: dict[str, CapacityLimiter] = {}
        self._lookup_threads: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an admitted request on; answer another one with its problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rule = self._rules.find(scope["method"], scope["path"])
        async with AsyncExitStack() as stack:
            try:
                caller = await self._admit(scope, rule)
                if caller and not (rule and rule.is_stream):
                    await self._wait_for_turn(caller, stack)
            except errors.REFUSALS as error:
                if rule:
                    scope["endpoint"] = rule.endpoint
                response = await errors.answer(Request(scope), error)
                await response(scope, receive, send)
                return
            await self._app(scope, BodyDeadline(receive).receive, self._with_limits(send, caller))

    async def _admit(self, scope: Scope, rule: RouteRule | None) -> Principal | None:
        """Check a request; return who asks, None for an open route."""
        headers, path = Headers(scope=scope), scope["path"]
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        caller = None
        if (rule and rule.scopes) or path == GUARDED_PREFIX or path.startswith(f"{GUARDED_PREFIX}/"):
            caller = await self._caller(scope, headers)
            _take(self._by_key, caller.credential_id, "key")
            caller = caller.for_route(rule.scopes if rule else (), _world_of(query))
            scope["state"]["principal"] = caller
        elif path != NEVER_LIMITED:
            _take(self._by_address, _network(scope), "address")
        if rule:
            check_length(headers.get("content-length", ""), rule.body_bytes_max)
            rule.check_parameters([name for name, _ in query])
        return caller

    async def _caller(self, scope: Scope, headers: Headers) -> Principal:
        try:
            token = token_of(headers, scope["method"], self._cookie)
            caller = self._authenticator.recall(token) or await self._look_up(token, _network(scope))
        except AuthenticationRequired:
            _take(self._by_address, _network(scope), "address")
            raise
        if caller is None:
            self._on_refused(_address(scope), api_keys.key_id_of(token) or session_id_of(token))
            _take(self._by_address, _network(scope), "address")
            raise key_not_in_force()
        return caller

    async def _look_up(self, token: str, network: str) -> Principal | None:
        if self._authenticator.was_rejected(token):
            return None
        if not self._authenticator.was_accepted(token):
            if self._by_address.left(network) < 1:
                raise _too_many(self._by_address, network, "address")
            _take(self._lookups, "", "lookups")
        if self._lookup_threads is None:  # it belongs to the event loop
            self._lookup_threads = CapacityLimiter(LOOKUPS)
        verify = partial(self._authenticator.authenticate, token)
        return await anyio.to_thread.run_sync(verify, limiter=self._lookup_threads)

    async def _wait_for_turn(self, caller: Principal, stack: AsyncExitStack) -> None:
        """Wait until fewer requests of the key run than may run at the same time."""
        limiter = self._running.setdefault(caller.credential_id, CapacityLimiter(self._limits.key_running))
        detail = f"{self._limits.key_running} requests of this key run already, and others wait. Ask one after another."
        if limiter.statistics().tasks_waiting >= WAITING_MAX:
            LIMITED_REQUESTS.labels("running").inc()
            raise TooManyRequests(detail, headers={"Retry-After": "1"})
        try:
            with anyio.fail_after(WAITING_S):
                await stack.enter_async_context(limiter)
        except TimeoutError:
            LIMITED_REQUESTS.labels("running").inc()
            raise TooManyRequests(detail, headers={"Retry-After": "1"}) from None

    def _with_limits(self, send: Send, caller: Principal | None) -> Send:
        """Add the limit of the caller to the response."""
        if caller is None:
            return send
        fields = self._by_key.headers(caller.credential_id)

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(fields)
            await send(message)

        return send_with_limits


def _world_of(query: Sequence[tuple[str, str]]) -> str | None:
    """Return the world that a request asks for; None for all worlds."""
    world = dict(query).get("world", ACTUAL)
    return None if world in ALL_WORLDS else world


def _take(buckets: TokenBuckets, name: str, limit: str) -> None:
    if not buckets.take(name):
        raise _too_many(buckets, name, limit)


def _too_many(buckets: TokenBuckets, name: str, limit: str) -> TooManyRequests:
    LIMITED_REQUESTS.labels(limit).inc()
    wait_s = buckets.wait_s(name)
    headers = {"Retry-After": str(wait_s)} | (buckets.headers(name) if limit == "key" else {})
    who = {"key": "This key", "address": "This address"}.get(limit, "The platform's clients")
    without = "" if limit == "key" else " without a key in force"
    return TooManyRequests(
        f"{who} made too many requests{without}: {buckets.per_s:g} per second are allowed, {buckets.burst:g} at once."
        f" Wait {wait_s} s.",
        headers=headers,
    )


def _network(scope: Scope) -> str:
    return network_of(_address(scope))


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
