"""Figures of the ledger, for metrics, heartbeat and doctor."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from rencheng.response.delivery.outcome import FAILING_AFTER


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """How far delivery is.

    Attributes:
        due: dispatches that are due to endpoints that do not fail, and are not limited.
        oldest_due_s: the age of the oldest of them.
        disabled, failing: contact methods.
    """

    due: int
    oldest_due_s: float
    disabled: int
    failing: int


_FIGURES = text("""
SELECT count(d.*) AS due, coalesce(extract(epoch FROM now() - min(d.due_at)), 0)::float AS oldest_due_s,
    (SELECT count(*) FROM contact_methods WHERE disabled_at IS NOT NULL AND ended_at IS NULL) AS disabled,
    (SELECT count(*) FROM contact_methods
        WHERE failures >= :failing AND disabled_at IS NULL AND ended_at IS NULL) AS failing
FROM dispatches AS d JOIN contact_methods AS m ON m.method_id = d.method_id AND m.failures = 0
    AND m.disabled_at IS NULL AND (m.retry_at IS NULL OR m.retry_at <= now())
WHERE d.state = 'due' AND d.due_at <= now() AND m.kind IN ('webhook', 'mqtt', 'mail')
""")


def ledger_figures(connection: Connection) -> LedgerFigures:
    """Return how far delivery is now."""
    return LedgerFigures(*connection.execute(_FIGURES, {"failing": FAILING_AFTER}).one())


def open_dispatches(connection: Connection) -> int:
    """Return how many decisions and dispatches wait or are under way."""
    query = (
        "SELECT (SELECT count(*) FROM undispatched)"
        " + (SELECT count(*) FROM dispatches WHERE state IN ('due', 'leased'))"
    )
    found: int = connection.execute(text(query)).scalar_one()
    return found
