"""What follows from an attempt: for the dispatch, and for the endpoint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import KNOWS_REPETITION, MAYBE_RANK, SENT_RANK, ContactKind, DispatchState

FIRST_RETRY_S, LAST_RETRY_S = 5.0, 60.0
"""The wait before the second attempt, and the longest. Source of the doubling: Standard Webhooks; values: proposal."""

JITTER = 0.2
"""Waits differ by up to this part, so that endpoints that fail together are not tried together. Source: svix."""

FAILING_AFTER = 3
"""After so many failures in succession an endpoint is failing: one attempt at a time."""

DISABLED_AFTER = timedelta(hours=120)
"""An endpoint that fails for so long is disabled. Source: svix."""

GONE = 410
"""The HTTP status by which an endpoint says that it wants no more messages."""

RESEND_FROM = Level.ORANGE
"""From this level on a message in doubt is sent once more to people."""


class Outcome(StrEnum):
    """The result of an attempt."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"
    DOUBTFUL = "doubtful"
    """It may have arrived: the answer is missing."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of an attempt as its channel reports it.

    Attributes:
        status: the protocol's status.
        provider_code: the provider's own code.
        retry_after_s: how long the receiver asks to wait.
        detail: for people; without secrets.
        provider_ref: the provider's name of the message, for receipts.
    """

    outcome: Outcome
    status: int | None = None
    provider_code: str | None = None
    retry_after_s: float | None = None
    detail: str = ""
    provider_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The state of a dispatch after an attempt. `due_at` is None if it is final."""

    state: DispatchState
    rank: int
    due_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How an endpoint does.

    Attributes:
        failures: in succession.
        failing_since: the first of them.
        retry_at: nothing is sent before.
        disabled_why: why nothing is sent until somebody probes it.
    """

    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    disabled_why: str | None = None


def settle(
    result: SendResult, dispatch_id: UUID, kind: ContactKind, level: Level, *, attempts: int, rank: int, now: datetime
) -> Settled:
    """Return the state of a dispatch after its `attempts`-th attempt."""
    if result.outcome is Outcome.DELIVERED:
        return Settled(DispatchState.SENT, max(rank, SENT_RANK))
    if result.outcome is Outcome.NEVER:
        return Settled(DispatchState.FAILED, rank, reason=result.detail or "refused")
    again_at = now + timedelta(seconds=_wait_s(dispatch_id, attempts, result.retry_after_s))
    if result.outcome is Outcome.LATER:
        return Settled(DispatchState.DUE, rank, again_at, result.detail or None)
    may_repeat = kind in KNOWS_REPETITION or (level >= RESEND_FROM and rank < MAYBE_RANK)
    if may_repeat:
        return Settled(DispatchState.DUE, max(rank, MAYBE_RANK), again_at, result.detail or None)
    return Settled(DispatchState.DOUBTFUL, max(rank, MAYBE_RANK), reason=result.detail or None)


def next_health(health: EndpointHealth, result: SendResult, dispatch_id: UUID, now: datetime) -> EndpointHealth:
    """Return the health of an endpoint after an attempt. Only a success resets it."""
    if result.outcome is Outcome.DELIVERED:
        return EndpointHealth()
    if result.status == GONE:
        return EndpointHealth(health.failures, health.failing_since, None, "the endpoint answered 410 Gone")
    if result.outcome is Outcome.NEVER:
        return health
    failures, since = health.failures + 1, health.failing_since or now
    if now - since >= DISABLED_AFTER:
        return EndpointHealth(failures, since, None, f"it has failed since {since.isoformat(timespec='seconds')}")
    retry_at = None
    if failures >= FAILING_AFTER or result.retry_after_s is not None:
        retry_at = now + timedelta(seconds=_wait_s(dispatch_id, max(1, failures - FAILING_AFTER), result.retry_after_s))
    return EndpointHealth(failures, since, retry_at)


def _wait_s(dispatch_id: UUID, attempts: int, asked_s: float | None) -> float:
    """Return how long to wait after the `attempts`-th attempt, with a jitter that the id decides."""
    wait_s = min(FIRST_RETRY_S * 2.0 ** min(attempts - 1, 10), LAST_RETRY_S)
    jitter = 1 + JITTER * ((dispatch_id.int >> (attempts % 64)) % 2001 / 1000 - 1)
    return max(wait_s * jitter, min(asked_s or 0.0, LAST_RETRY_S))
