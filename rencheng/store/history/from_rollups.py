"""History from rollups, and from the readings where rollups are missing or stale. The result equals that of `raw`.

A request for the depths of a gauge by day that spans a stale hour becomes one statement of three parts:

    SELECT bucket, device_id, channel, min(depth_mm_min), ..., sum(depth_mm_sum) / nullif(sum(usable), 0)
    FROM (SELECT time_bucket(:width, bucket, :zone) AS bucket, ... FROM waterlogging_1day WHERE ... GROUP BY 1, 2, 3
          UNION ALL SELECT time_bucket(:width, bucket, :zone), ... FROM waterlogging_1h WHERE ... GROUP BY 1, 2, 3
          UNION ALL SELECT time_bucket(:width, time, :zone), ... FROM waterlogging_readings WHERE ... GROUP BY 1, 2, 3)
    GROUP BY bucket, device_id, channel ORDER BY bucket, device_id, channel

`docs/reference/sql/` holds the whole statement of each kind.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Double,
    Interval,
    MetaData,
    Select,
    SmallInteger,
    Table,
    Text,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from rencheng.domain.kind import Kind
from rencheng.store.core.sessions import Row
from rencheng.store.history import raw
from rencheng.store.history.plan import RollupCoverage, Segment, plan_segments, usable_granularities
from rencheng.store.history.raw import Buckets, TimeRange, is_unusable, is_usable
from rencheng.store.hypertables.catalog import RAW
from rencheng.store.schema.granularity import Granularity, Rollup
from rencheng.store.schema.rollup_tables import rollup_log, storage_horizons

Figures = dict[str, ColumnElement[Any]]
"""Aggregates by their column names in the rollups."""

Columns = Any
"""Columns by name: of readings, of a rollup, or of the combined parts."""


def history_of(
    connection: Connection,
    kind: Kind,
    device_ids: Sequence[str],
    *,
    span: TimeRange,
    buckets: Buckets,
    limit: int,
    names: Sequence[str] | None = None,
) -> list[Row]:
    """Return the result of `raw.HISTORIES[kind]` from as few rows as possible. The span has both ends.

    `names` selects sampled names of meter values; None stands for all.

    Raises:
        NotKept: readings and rollups of this resolution were dropped.
    """
    statement = history_statement(connection, kind, device_ids, span=span, buckets=buckets)
    if statement is None and names is not None:
        return raw.charging_history(connection, device_ids, span=span, buckets=buckets, limit=limit, names=names)
    if statement is None:
        return raw.HISTORIES[kind](connection, device_ids, span=span, buckets=buckets, limit=limit)
    if names is not None:
        statement = statement.where(statement.selected_columns.measurand.in_(names))
    return list(connection.execute(statement.limit(limit)).mappings())


def history_statement(
    connection: Connection, kind: Kind, device_ids: Sequence[str], *, span: TimeRange, buckets: Buckets
) -> Select[Any] | None:
    """Return the statement that combines rollups and readings; None if the readings alone are needed.

    Raises:
        NotKept: as for `history_of`.
    """
    assert span.start is not None  # noqa: S101 - for the type checker
    assert span.end is not None  # noqa: S101
    moments = span.start, span.end
    parts = plan_segments(
        moments,
        usable_granularities(buckets.width, buckets.zone, moments),
        rollup_coverage(connection, kind, device_ids, span),
    )
    if all(part.granularity is None for part in parts):
        return None
    combined = union_all(*(_part(kind, part, device_ids, buckets) for part in parts)).subquery("combined")
    grouping = [combined.c.bucket, *(combined.c[name] for name in _GROUPED_BY[kind])]
    result = _RESULT[kind](_MERGED[kind](combined.c))
    query = select(*grouping, *(figure.label(name) for name, figure in result.items()))
    return query.group_by(*grouping).order_by(*grouping)


def rollup_coverage(connection: Connection, kind: Kind, device_ids: Sequence[str], span: TimeRange) -> RollupCoverage:
    """Return the stale spans of these devices' rollups within a span, and what is kept of this kind."""
    log = rollup_log.c
    entries = (
        select(log.granularity, log.begins, log.ends)
        .where(log.kind == kind.value, or_(log.device_id.is_(None), log.device_id.in_(device_ids)))
        .where(log.begins < span.end, log.ends > span.start)
        .distinct()
    )
    stale: dict[Granularity, list[Any]] = {each: [] for each in Granularity}
    for granularity, begins, ends in connection.execute(entries):
        stale[Granularity(granularity)].append((begins, ends))
    horizons = select(storage_horizons.c.granularity, storage_horizons.c.dropped_before)
    rows = connection.execute(horizons.where(storage_horizons.c.kind == kind.value))
    return RollupCoverage(stale, {None if name == RAW else Granularity(name): before for name, before in rows})


def _part(kind: Kind, part: Segment, device_ids: Sequence[str], buckets: Buckets) -> Select[Any]:
    """Return the figures of one segment, by bucket and key."""
    source = raw.TABLES[kind] if part.granularity is None else _table(Rollup(kind, part.granularity))
    time = source.c.time if part.granularity is None else source.c.bucket
    figures = (_RAW if part.granularity is None else _MERGED)[kind](source.c)
    arguments: list[ColumnElement[Any]] = [literal(buckets.width, Interval), time]
    if buckets.zone is not None:
        arguments.append(cast(buckets.zone, Text))
    keys = [source.c[name] for name in _GROUPED_BY[kind]]
    # by position, because a rollup also has a column named bucket
    positions: list[ColumnElement[Any]] = [literal_column(str(n + 1)) for n in range(len(keys) + 1)]
    return (
        select(
            func.time_bucket(*arguments, type_=DateTime(timezone=True)).label("bucket"),
            *keys,
            *(figure.label(name) for name, figure in figures.items()),
        )
        .where(source.c.device_id.in_(device_ids), time >= part.begins, time < part.ends)
        .group_by(*positions)
    )


def _raw_water(c: Columns) -> Figures:
    usable = is_usable(c.depth_mm, c.quality)
    return {
        "count": func.count(),
        "usable": func.count().filter(usable),
        "unusable": func.count().filter(is_unusable(c.quality)),
        "depth_mm_min": func.min(c.depth_mm).filter(usable),
        "depth_mm_max": func.max(c.depth_mm).filter(usable),
        "depth_mm_sum": func.sum(c.depth_mm).filter(usable),
        "rain_mm": func.sum(c.rain_mm),
        "quality": func.bit_or(c.quality),
    }


def _merged_water(c: Columns) -> Figures:
    return {
        "count": _count(c["count"]),
        "usable": _count(c.usable),
        "unusable": _count(c.unusable),
        "depth_mm_min": func.min(c.depth_mm_min),
        "depth_mm_max": func.max(c.depth_mm_max),
        "depth_mm_sum": func.sum(c.depth_mm_sum),
        "rain_mm": func.sum(c.rain_mm),
        "quality": func.bit_or(c.quality),
    }


def _water(figures: Figures) -> Figures:
    result = {name: figure for name, figure in figures.items() if name != "depth_mm_sum"}
    return result | {"depth_mm_avg": _average(figures["depth_mm_sum"], figures["usable"])}


def _raw_signal(_: Columns) -> Figures:
    return {"count": func.count()}


def _merged_signal(c: Columns) -> Figures:
    return {"count": _count(c["count"])}


def _raw_charging(c: Columns) -> Figures:
    usable = is_usable(c.value, c.quality)
    return {
        "count": func.count(),
        "usable": func.count().filter(usable),
        "value_min": func.min(c.value).filter(usable),
        "value_max": func.max(c.value).filter(usable),
        "value_sum": func.sum(c.value).filter(usable),
        "value_last": func.last(c.value, c.time).filter(usable),
        "last_at": func.max(c.time).filter(usable),
        "status_last": func.last(c.status, c.time),
        "error_code_last": func.last(c.error_code, c.time),
        "newest_at": func.max(c.time),
        "quality": func.bit_or(c.quality),
    }


def _merged_charging(c: Columns) -> Figures:
    return {
        "count": _count(c["count"]),
        "usable": _count(c.usable),
        "value_min": func.min(c.value_min),
        "value_max": func.max(c.value_max),
        "value_sum": func.sum(c.value_sum),
        "value_last": func.last(c.value_last, c.last_at).filter(c.last_at.is_not(None)),
        "last_at": func.max(c.last_at),
        "status_last": func.last(c.status_last, c.newest_at),
        "error_code_last": func.last(c.error_code_last, c.newest_at),
        "newest_at": func.max(c.newest_at),
        "quality": func.bit_or(c.quality),
    }


def _charging(figures: Figures) -> Figures:
    return {
        "avg": _average(figures["value_sum"], figures["usable"]),
        "min": figures["value_min"],
        "max": figures["value_max"],
        "last": figures["value_last"],
        "last_status": figures["status_last"],
        "last_error_code": figures["error_code_last"],
        "count": figures["count"],
        "quality": figures["quality"],
    }


def _count(column: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.sum(column), BigInteger)


def _average(total: ColumnElement[Any], count: ColumnElement[Any]) -> ColumnElement[Any]:
    return total / func.nullif(cast(count, Double), 0)


def _table(rollup: Rollup) -> Table:
    """Return the columns of a rollup that requests need. The schema has none, because on one edition they are views."""
    columns = [Column(name, _TYPES.get(name, Double())) for name in _MERGED_NAMES[rollup.kind]]
    keys = [Column(name, raw.TABLES[rollup.kind].c[name].type) for name in _GROUPED_BY[rollup.kind]]
    return Table(rollup.name, MetaData(), *keys, Column("bucket", DateTime(timezone=True)), *columns)


_GROUPED_BY: dict[Kind, tuple[str, ...]] = {
    Kind.WATERLOGGING: ("device_id", "channel"),
    Kind.SIGNAL: ("device_id", "event_id"),
    Kind.CHARGING: ("device_id", "connector_id", "measurand"),
}
_RAW: Mapping[Kind, Callable[[Columns], Figures]] = {
    Kind.WATERLOGGING: _raw_water,
    Kind.SIGNAL: _raw_signal,
    Kind.CHARGING: _raw_charging,
}
_MERGED: Mapping[Kind, Callable[[Columns], Figures]] = {
    Kind.WATERLOGGING: _merged_water,
    Kind.SIGNAL: _merged_signal,
    Kind.CHARGING: _merged_charging,
}
_RESULT: Mapping[Kind, Callable[[Figures], Figures]] = {
    Kind.WATERLOGGING: _water,
    Kind.SIGNAL: dict,
    Kind.CHARGING: _charging,
}
_MERGED_NAMES = {kind: list(raw_columns(raw.TABLES[kind].c)) for kind, raw_columns in _RAW.items()}
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("count", "usable", "unusable"), BigInteger()),
    **dict.fromkeys(("last_at", "newest_at"), DateTime(timezone=True)),
    **dict.fromkeys(("status_last", "error_code_last"), Text()),
    "quality": SmallInteger(),
}
