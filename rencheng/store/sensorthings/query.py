"""Answer a SensorThings query: one statement for each level of `$expand`, whatever the number of entities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.exc import DBAPIError, StatementError

from rencheng.domain.reach import Reach
from rencheng.store.core.errors import is_unavailable
from rencheng.store.core.sessions import Connection
from rencheng.store.sensorthings.catalogue import BY_KEY
from rencheng.store.sensorthings.entities import SETS, EntitySet, Navigation
from rencheng.store.sensorthings.filters import condition_of, order_of
from rencheng.store.sensorthings.options import Options
from rencheng.store.sensorthings.refused import NoSuchEntity, NotSupported, QueryRefused
from rencheng.store.sensorthings.sources import SOURCES, observations_of

ENTITIES_MAX = 50_000
"""The most entities in an answer, over all levels: about 40 MB of JSON. Proposal."""

COUNTED_MAX = 1_000_000
"""The largest `$count`: counting so many readings takes about half a second. Proposal."""

_NEWEST_FIRST = (("phenomenonTime", True),)
_NEVER_NULL: dict[str, Column[Any]] = {
    "id": Column("id", Text),
    "phenomenonTime": Column("phenomenon_time", DateTime(timezone=True)),
}
"""The properties by which pages are continued at a position: each entity has them."""

Entity = Sequence[Any]
"""A row; `EntityLevel.columns` says where its values are."""


@dataclass(slots=True)
class EntityLevel:
    """The entities of one set that an answer holds, and those to which `$expand` leads.

    Attributes:
        entities: the set.
        options: what was asked of it.
        columns: the position of each column in a row.
        groups: the rows by the entity that leads to them; under None those of the first level.
        children: the next level of each navigation.
        count: the number of all, if asked for.
        position: where the next page begins; None: at `$skip`.
    """

    entities: EntitySet
    options: Options
    columns: Mapping[str, int]
    groups: Mapping[str | None, list[Entity]]
    children: dict[str, "EntityLevel"] = field(default_factory=dict)
    count: int | None = None
    position: tuple[Any, ...] | None = None

    def value(self, row: Entity, column: str) -> Any:  # noqa: ANN401 - of any column
        """Return the value of a column."""
        return row[self.columns[column]]


def cursor_columns(entities: EntitySet, options: Options) -> Sequence[Column[Any]] | None:
    """Return the columns of a page's position; None if pages of this order are continued by `$skip`."""
    sort_keys = _sort_keys(entities, options)
    if len(sort_keys) > 1 or sort_keys[0][0] not in _NEVER_NULL:
        return None
    return [_NEVER_NULL[sort_keys[0][0]], _NEVER_NULL["id"]]


class EntityReader:
    """Reads entities within the reach of a key."""

    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach
        self._left = ENTITIES_MAX

    def find(
        self, entities: EntitySet, key: str, parent: tuple[Navigation, str] | None, options: Options
    ) -> EntityLevel:
        """Return one entity by its id, with what is expanded.

        Raises:
            NoSuchEntity: there is none, or it is not one of the parent's.
        """
        source = self._source_of_one(entities, key)
        conditions = [source.c.id == key]
        if parent is not None:
            navigation, local = parent
            conditions.append(source.c[navigation.remote] == local)
        return self._single(entities, source, conditions, options)

    def follow(self, navigation: Navigation, local: str, options: Options) -> EntityLevel:
        """Return the one entity to which a navigation leads.

        Raises:
            NoSuchEntity: there is none.
        """
        entities = SETS[navigation.target]
        source = SOURCES[entities.name](self._reach)
        return self._single(entities, source, [source.c[navigation.remote] == local], options)

    def page(
        self,
        entities: EntitySet,
        options: Options,
        *,
        parent: tuple[Navigation, str] | None = None,
        after: tuple[Any, ...] | None = None,
    ) -> EntityLevel:
        """Return a page of a set, or of what a parent leads to."""
        if parent is not None and parent[0].remote == "datastream_id":
            query, source = self._of_datastreams([parent[1]], options, after)
        else:
            source = SOURCES[entities.name](self._reach)
            conditions = self._conditions(entities, source, options)
            if parent is not None:
                conditions.append(source.c[parent[0].remote] == parent[1])
            query = _paged(select(*source.c).where(*conditions), entities, source, options, after)
        rows = self._rows(query)
        level = EntityLevel(entities, options, _positions(source), {None: rows})
        if options.count:
            level.count = self._count(entities, options, parent)
        if len(rows) > options.top and options.top and (columns := cursor_columns(entities, options)):
            level.position = tuple(level.value(rows[options.top - 1], column.name) for column in columns)
        self._expand(level)
        return level

    def _single(
        self, entities: EntitySet, source: FromClause, conditions: Sequence[ColumnElement[bool]], options: Options
    ) -> EntityLevel:
        rows = self._rows(select(*source.c).where(*conditions).limit(1))
        if not rows:
            raise NoSuchEntity(f"There is no such entity in {entities.name}.")
        level = EntityLevel(entities, options, _positions(source), {None: rows})
        self._expand(level)
        return level

    def _source_of_one(self, entities: EntitySet, key: str) -> FromClause:
        """Return a source that has the entity. An observation is looked up by its device and time."""
        if entities.name != "Observations":
            return SOURCES[entities.name](self._reach)
        device_id, stream, microseconds, *_ = [*key.split(":", 3), "", "", ""]
        if stream not in BY_KEY or not microseconds.isdecimal() or len(microseconds) > len("9999999999999999"):
            raise NoSuchEntity("There is no such entity in Observations.")
        stations, readings = observations_of(self._reach, BY_KEY[stream], [device_id])
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))
        one = select(*readings.c).where(readings.c.phenomenon_time == at).lateral()
        return select(*one.c).select_from(stations.join(one, true())).subquery()

    def _conditions(self, entities: EntitySet, source: FromClause, options: Options) -> list[ColumnElement[bool]]:
        return [] if options.filter is None else [condition_of(options.filter, entities, source, self._reach)]

    def _count(self, entities: EntitySet, options: Options, parent: tuple[Navigation, str] | None) -> int:
        every = replace(options, top=COUNTED_MAX, skip=0, orderby=(("id", False),))
        if parent is not None and parent[0].remote == "datastream_id":
            query, _ = self._of_datastreams([parent[1]], every, None)
        else:
            source = SOURCES[entities.name](self._reach)
            conditions = self._conditions(entities, source, options)
            if parent is not None:
                conditions.append(source.c[parent[0].remote] == parent[1])
            query = select(literal(1)).select_from(source).where(*conditions).limit(COUNTED_MAX + 1)
        [[found]] = self._execute(select(func.count()).select_from(query.subquery()))
        if found > COUNTED_MAX:
            raise QueryRefused(f"`$count`: more than {COUNTED_MAX} match. Narrow the filter, or leave out `$count`.")
        return int(found)

    def _expand(self, level: EntityLevel) -> None:
        """Read the next levels, each with one statement for all entities of this one."""
        tops = [rows[: level.options.top] if level.options.top else [] for rows in level.groups.values()]
        for name, options in level.options.expand.items():
            if options.count:
                raise NotSupported("`$count` within `$expand` is not answered here. Ask for the nested path itself.")
            navigation = level.entities.navigations[name]
            keys = {level.value(row, navigation.local) for rows in tops for row in rows} - {None}
            level.children[name] = self._children(navigation, sorted(keys), options)

    def _children(self, navigation: Navigation, keys: Sequence[str], options: Options) -> EntityLevel:
        entities = SETS[navigation.target]
        if navigation.remote == "feature_id":
            raise NotSupported("Observations of FeaturesOfInterest are not expanded here. Ask for one feature's.")
        if navigation.remote == "datastream_id":
            query, source = self._of_datastreams(keys, options, None)
        else:
            source = SOURCES[entities.name](self._reach)
            remote = source.c[navigation.remote]
            conditions = self._conditions(entities, source, options)
            conditions.append(remote == any_(literal(list(keys), ARRAY(Text))))
            number = func.row_number().over(partition_by=remote, order_by=_sorting(entities, source, options))
            numbered = select(*source.c, number.label("number")).where(*conditions).subquery()
            query = select(*(numbered.c[column.name] for column in source.c)).order_by(numbered.c.number)
            if navigation.is_many:
                query = query.where(numbered.c.number.between(options.skip + 1, options.skip + options.top + 1))
        level = EntityLevel(
            entities, options, _positions(source), _grouped(self._rows(query), source, navigation.remote)
        )
        self._expand(level)
        return level

    def _of_datastreams(
        self, keys: Iterable[str], options: Options, after: tuple[Any, ...] | None
    ) -> tuple[Select[Any], FromClause]:
        """Return the query of the observations of these Datastreams, a page of each, and its columns."""
        by_stream: dict[str, list[str]] = {}
        for key in keys:
            device_id, _, stream = key.rpartition(":")
            if stream in BY_KEY:
                by_stream.setdefault(stream, []).append(device_id)
        entities, parts = SETS["Observations"], []
        for stream, device_ids in by_stream.items() or [(next(iter(BY_KEY)), [])]:
            stations, readings = observations_of(self._reach, BY_KEY[stream], device_ids)
            conditions = self._conditions(entities, readings, options)
            page = _paged(select(*readings.c).where(*conditions), entities, readings, options, after).lateral()
            parts.append(select(*page.c).select_from(stations.join(page, true())))
        source = union_all(*parts).subquery()
        query = select(*source.c)
        return query.order_by(*_sorting(entities, source, options)), source

    def _rows(self, query: Select[Any]) -> list[Entity]:
        rows: list[Entity] = self._execute(query.limit(self._left + 1))
        self._left -= len(rows)
        if self._left < 0:
            raise QueryRefused(f"The answer would have more than {ENTITIES_MAX} entities. Lower `$top`, at each level.")
        return rows

    def _execute(self, query: Select[Any]) -> list[Entity]:
        """Execute a statement. What the server cannot compute, such as 1 div 0, is a fault of the query."""
        try:
            return list(self._connection.execute(query))
        except StatementError as error:
            if isinstance(error, DBAPIError) and is_unavailable(error):
                raise
            raise QueryRefused("The database cannot evaluate this query: check the values that it computes.") from None


def _sort_keys(entities: EntitySet, options: Options) -> Sequence[tuple[str, bool]]:
    if options.orderby:
        return options.orderby
    return _NEWEST_FIRST if entities.name == "Observations" else (("id", False),)


def _sorting(entities: EntitySet, source: FromClause, options: Options) -> list[ColumnElement[Any]]:
    found = []
    for text, is_descending in _sort_keys(entities, options):
        column = order_of(text, entities, source)
        found.append(column.desc() if is_descending else column.asc())
    return [*found, source.c["id"].asc()]


def _paged(
    query: Select[Any], entities: EntitySet, source: FromClause, options: Options, after: tuple[Any, ...] | None
) -> Select[Any]:
    """Return the query of one page, and of one row more, by which a further page is noticed."""
    if after is not None:
        [(text, is_descending)] = _sort_keys(entities, options)
        column, key = order_of(text, entities, source), source.c["id"]
        value, last = after
        if text == "id":
            query = query.where(key < last if is_descending else key > last)
        else:
            beyond = column < value if is_descending else column > value
            edge = column <= value if is_descending else column >= value
            query = query.where(and_(edge, or_(beyond, key > last)))
    else:
        query = query.offset(options.skip)
    return query.order_by(*_sorting(entities, source, options)).limit(options.top + 1)


def _positions(source: FromClause) -> dict[str, int]:
    return {column.name: position for position, column in enumerate(source.c)}


def _grouped(rows: Iterable[Entity], source: FromClause, column: str) -> dict[str | None, list[Entity]]:
    position = _positions(source)[column]
    groups: dict[str | None, list[Entity]] = {}
    for row in rows:
        groups.setdefault(row[position], []).append(row)
    return groups
