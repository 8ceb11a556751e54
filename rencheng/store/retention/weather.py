"""Retention of rain signals and forecasts, also of exercises. Warnings keep their grounds."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from rencheng.domain.device import ACTUAL
from rencheng.store.nowcasts import delete_old_nowcasts
from rencheng.store.relevant_weather import CHAIN_MAX, FORECAST_AGE, ISSUES
from rencheng.store.schema.weather_tables import rain_forecasts, rain_signals
from rencheng.store.waterworks import delete_old_waterworks

SIGNAL_DAYS = 400.0
"""A year and a month, so that two rainy seasons can be compared."""

FORECAST_DAYS = 7.0
"""A forecast counts for twelve hours. A week is enough to explain a warning by it."""

DOCUMENT_BYTES = 2**30
"""The documents as received; a message has 5 kB, and 1 MB at most."""

DOCUMENTS_PER_CALL = 500


def delete_old_weather(
    connection: Connection,
    now: datetime,
    *,
    signal_days: float = SIGNAL_DAYS,
    forecast_days: float = FORECAST_DAYS,
    document_bytes: int = DOCUMENT_BYTES,
) -> dict[str, int]:
    """Delete what is old, what was replaced, and the oldest documents beyond a size. Return the numbers.

    A signal is kept at least as long as a chain of updates may be. A document is emptied, and its signal stays.
    """
    signals = delete(rain_signals).where(
        rain_signals.c.received_at < now - max(timedelta(days=signal_days), 2 * CHAIN_MAX)
    )
    table = rain_forecasts
    forecasts = delete(table).where(
        or_(
            table.c.received_at < now - max(timedelta(days=forecast_days), 2 * FORECAST_AGE),
            and_(table.c.world == ACTUAL, table.c.valid_to < now - timedelta(days=forecast_days)),
        )
    )
    return {
        "signals_deleted": connection.execute(signals).rowcount,
        "forecasts_deleted": connection.execute(forecasts).rowcount,
        "issues_deleted": _delete_replaced(connection, now),
        "nowcasts_deleted": delete_old_nowcasts(connection, now),
        "waterworks_deleted": delete_old_waterworks(connection, now),
        "documents_emptied": _empty_documents(connection, document_bytes),
    }


def _delete_replaced(connection: Connection, now: datetime) -> int:
    """Delete the issues of the world `actual` that later ones replaced, unless they are of the last hours."""
    table = rain_forecasts
    period = (table.c.world, table.c.region, table.c.source, table.c.valid_from, table.c.valid_to)
    issue = func.row_number().over(partition_by=period, order_by=table.c.issued_at.desc()).label("issue")
    numbered = select(*period, table.c.issued_at, issue).where(table.c.world == ACTUAL).subquery()
    replaced = delete(table).where(
        *(column == numbered.c[column.key] for column in (*period, table.c.issued_at)),
        numbered.c.issue > ISSUES,
        table.c.issued_at < now - timedelta(hours=1),
    )
    return connection.execute(replaced).rowcount


def _empty_documents(connection: Connection, most: int) -> int:
    """Empty the oldest documents until the others have `most` bytes; at most `DOCUMENTS_PER_CALL` of them."""
    size = func.octet_length(rain_signals.c.document)
    excess = connection.execute(select(func.coalesce(func.sum(size), 0))).scalar_one() - most
    key = (rain_signals.c.identifier, rain_signals.c.world, rain_signals.c.part)
    emptied = 0
    oldest = select(*key, size.label("size")).where(size > 0).order_by(rain_signals.c.received_at)
    for row in connection.execute(oldest.limit(DOCUMENTS_PER_CALL)) if excess > 0 else ():
        if excess <= 0:
            break
        is_row = and_(*(column == getattr(row, column.key) for column in key))
        connection.execute(update(rain_signals).where(is_row).values(document=""))
        excess -= row.size
        emptied += 1
    return emptied
