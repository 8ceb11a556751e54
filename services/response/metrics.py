"""What the response service measures of itself."""

from rencheng.response.delivery.outbound import OutboundMessage
from rencheng.response.delivery.outcome import SendResult
from rencheng.runtime.clock import SYSTEM_CLOCK
from rencheng.runtime.metrics.response import (
    ATTEMPTS,
    CLOCK_JUMPS,
    COMMANDS_WAITING,
    DATABASE_AWAY,
    DECIDED,
    DISABLED,
    DUE,
    EXPIRED,
    FAILING,
    IN_FLIGHT,
    LAG,
    LOST_LEASES,
    OLDEST_DUE,
    SILENT_DEVICES,
    SPARE,
)
from rencheng.store.commands.waiting import WaitingCommands
from rencheng.store.response.ledger_figures import LedgerFigures


def count_decided(decisions: int) -> None:
    """Count decisions that got their dispatches."""
    DECIDED.inc(decisions)


def observe_attempt(message: OutboundMessage, result: SendResult) -> None:
    """Count an attempt that ended, and note how late it was."""
    ATTEMPTS.labels(message.kind.value, result.outcome.value).inc()
    made_at = min(item.made_at for item in message.items)
    LAG.labels(message.kind.value).observe(max(0.0, (SYSTEM_CLOCK.now() - made_at).total_seconds()))


def observe_spare(message: OutboundMessage, result: SendResult) -> None:
    """Count an attempt that was made from memory."""
    SPARE.labels(message.kind.value, result.outcome.value).inc()


def set_database_away(*, is_away: bool) -> None:
    """Set whether red leaves from memory."""
    DATABASE_AWAY.set(is_away)


def count_clock_jump() -> None:
    """Count a jump of the database's clock."""
    CLOCK_JUMPS.inc()


def set_in_flight(messages: int) -> None:
    """Set how many attempts have not ended."""
    IN_FLIGHT.set(messages)


def count_lost(leases: int) -> None:
    """Count leases that ran out."""
    LOST_LEASES.inc(leases)


def count_expired(expired: int) -> None:
    """Count dispatches that were not sent in time."""
    EXPIRED.inc(expired)


def set_ledger(figures: LedgerFigures) -> None:
    """Set how far delivery is."""
    DUE.set(figures.due)
    OLDEST_DUE.set(figures.oldest_due_s)
    DISABLED.set(figures.disabled)
    FAILING.set(figures.failing)


def set_waiting_commands(waiting: WaitingCommands) -> None:
    """Set how many commands wait for people, and how many devices never reported."""
    COMMANDS_WAITING.labels("to_approve").set(len(waiting.to_approve))
    COMMANDS_WAITING.labels("for_people").set(len(waiting.for_people))
    COMMANDS_WAITING.labels("undecided").set(len(waiting.undecided))
    SILENT_DEVICES.set(len(waiting.silent))
