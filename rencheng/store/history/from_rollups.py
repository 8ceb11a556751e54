"""History from rollups where these will do, and from the readings where not: the same answers as `history` gives."""

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
"""Aggregates by the names that they have in the rollups."""

Columns = Any
"""Columns by name: of readings, of a rollup, or of parts put together."""


def history_of(
    connection: Connection, kind: Kind, device_ids: Sequence[str], *, span: TimeRange, buckets: Buckets, limit: int
) -> list[Row]:
    """What `raw.HISTORIES[kind]` says, from as few rows as will do. The span has both ends.

    Raises:
        NotKept: readings and rollups so fine were dropped.
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
        return raw.HISTORIES[kind](connection, device_ids, span=span, buckets=buckets, limit=limit)
    each = _EACH[kind]
    together = union_all(*(_part(kind, part, device_ids, buckets) for part in parts)).subquery()
    grouping = [together.c.bucket, *(together.c[name] for name in each)]
    answer = _ANSWERS[kind](_MERGED[kind](together.c))
    query = select(*grouping, *(figure.label(name) for name, figure in answer.items()))
    return list(connection.execute(query.group_by(*grouping).order_by(*grouping).limit(limit)).mappings())


def rollup_coverage(connection: Connection, kind: Kind, device_ids: Sequence[str], span: TimeRange) -> RollupCoverage:
    """What these devices' rollups owe within a span, and what is kept of this kind."""
    log = rollup_log.c
    entries = (
        select(log.granularity, log.begins, log.ends)
        .where(log.kind == kind.value, or_(log.device_id.is_(None), log.device_id.in_(device_ids)))
        .where(log.begins < span.end, log.ends > span.start)
        .distinct()
    )
    owed: dict[Granularity, list[Any]] = {level: [] for level in Granularity}
    for level, begins, ends in connection.execute(entries):
        owed[Granularity(level)].append((begins, ends))
    horizons = select(storage_horizons.c.granularity, storage_horizons.c.dropped_before)
    rows = connection.execute(horizons.where(storage_horizons.c.kind == kind.value))
    return RollupCoverage(owed, {None if level == RAW else Granularity(level): before for level, before in rows})


def _part(kind: Kind, part: Segment, device_ids: Sequence[str], buckets: Buckets) -> Select[Any]:
    """One segment's figures by bucket, device and so on."""
    source = raw.TABLES[kind] if part.granularity is None else _table(Rollup(kind, part.granularity))
    time = source.c.time if part.granularity is None else source.c.bucket
    figures = (_RAW if part.granularity is None else _MERGED)[kind](source.c)
    arguments: list[ColumnElement[Any]] = [literal(buckets.width, Interval), time]
    if buckets.zone is not None:
        arguments.append(cast(buckets.zone, Text))
    each = [source.c[name] for name in _EACH[kind]]
    # by place, because a rollup has a column that is called bucket, too
    places: list[ColumnElement[Any]] = [literal_column(str(n + 1)) for n in range(len(each) + 1)]
    return (
        select(
            func.time_bucket(*arguments, type_=DateTime(timezone=True)).label("bucket"),
            *each,
            *(figure.label(name) for name, figure in figures.items()),
        )
        .where(source.c.device_id.in_(device_ids), time >= part.begins, time < part.ends)
        .group_by(*places)
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
    answer = {name: figure for name, figure in figures.items() if name != "depth_mm_sum"}
    return answer | {"depth_mm_avg": _average(figures["depth_mm_sum"], figures["usable"])}


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
    """A rollup's columns as far as questions need them. Apart from the schema's: on one edition they are no tables."""
    columns = [Column(name, _TYPES.get(name, Double())) for name in _MERGED_NAMES[rollup.kind]]
    keys = [Column(name, raw.TABLES[rollup.kind].c[name].type) for name in _EACH[rollup.kind]]
    return Table(rollup.name, MetaData(), *keys, Column("bucket", DateTime(timezone=True)), *columns)


_EACH: dict[Kind, tuple[str, ...]] = {
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
_ANSWERS: Mapping[Kind, Callable[[Figures], Figures]] = {
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
