"""Nowcasts of rain by site: saved within bounds, read while they may count, and deleted soon."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.device import ACTUAL
from rencheng.domain.nowcast import NOWCAST_LIVES, Nowcast, SiteNowcast
from rencheng.store.core.guarded_rows import OnInvalid, guarded, ignore, read_rows
from rencheng.store.schema.tables import sites
from rencheng.store.schema.weather_tables import rain_nowcasts

NOWCASTS_MAX = 20_000
"""The most rows that are read, the newest first: two issues of two sources for 5,000 sites."""

KEPT_FOR = timedelta(days=1)
"""A nowcast counts for half an hour. A day is enough to explain a warning by it."""

ROWS_PER_STATEMENT = 1000


def save_nowcasts(connection: Connection, nowcasts: Sequence[SiteNowcast]) -> int:
    """Save nowcasts of registered sites, and return the number of new ones. A repeated issue changes nothing."""
    table = rain_nowcasts
    rows = [
        {
            "site_id": each.site_id,
            "source": each.nowcast.source,
            "issued_at": each.issued_at,
            "members": [[share, [list(one) for one in amounts]] for share, amounts in each.nowcast.members],
        }
        for each in nowcasts
    ]
    new = 0
    for begin in range(0, len(rows), ROWS_PER_STATEMENT):
        statement = insert(table).values(rows[begin : begin + ROWS_PER_STATEMENT]).on_conflict_do_nothing()
        new += len(connection.execute(statement.returning(table.c.site_id)).all())
    return new


def relevant_nowcasts(
    connection: Connection, now: datetime, *, worlds: Iterable[str] | None = None, on_invalid: OnInvalid = ignore
) -> tuple[SiteNowcast, ...]:
    """Return the nowcasts that may still count, of exercises all; the newest last.

    Args:
        connection: the database.
        now: the time of the world `actual`.
        worlds: only of these.
        on_invalid: called for each row that cannot be read.
    """
    table = rain_nowcasts
    columns = [table.c.site_id, table.c.source, table.c.issued_at, table.c.members]
    counts = or_(sites.c.world != ACTUAL, table.c.issued_at > now - NOWCAST_LIVES)
    query = select(*guarded(columns)).join(sites, sites.c.site_id == table.c.site_id).where(counts)
    if worlds is not None:
        query = query.where(sites.c.world.in_(list(worlds)))
    found = read_rows(
        connection,
        query.order_by(table.c.issued_at.desc()).limit(NOWCASTS_MAX),
        columns,
        _as_nowcast,
        name=lambda row: f"nowcast of {row['source']} for {row['site_id']} at {row['issued_at']}",
        on_invalid=on_invalid,
    )
    return tuple(reversed(found))


def delete_old_nowcasts(connection: Connection, now: datetime) -> int:
    """Delete nowcasts that were received a day ago or earlier, also of exercises. Return the number."""
    return connection.execute(delete(rain_nowcasts).where(rain_nowcasts.c.received_at < now - KEPT_FOR)).rowcount


def _as_nowcast(row: Mapping[str, Any]) -> SiteNowcast:
    members = tuple(
        (float(share), tuple((float(at_s), float(mm)) for at_s, mm in amounts)) for share, amounts in row["members"]
    )
    return SiteNowcast(row["site_id"], row["issued_at"], Nowcast(row["issued_at"].timestamp(), row["source"], members))
