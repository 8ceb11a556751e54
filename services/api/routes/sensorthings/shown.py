"""Entities as SensorThings shows them: JSON objects with links."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from rencheng.store.sensorthings.entities import Flags, Point, Shape
from rencheng.store.sensorthings.query import Entity, EntityLevel
from services.api.http.models import flags

Shown = dict[str, Any]


class EntityView:
    """Shows the entities of a level, and of the levels below it. It is prepared once for all of them."""

    def __init__(self, level: EntityLevel, root: str) -> None:
        self._level = level
        self._root = f"{root}/{level.entities.name}"
        self._key = level.columns["id"]
        wanted = frozenset(level.options.select)
        shape = {name: part for name, part in level.entities.shape.items() if not wanted or name in wanted}
        self._properties = _presenter(shape, level.columns)
        self._has_links = not wanted or "id" in wanted
        self._children = {name: EntityView(child, root) for name, child in level.children.items()}
        self._further = next_query(level, None)
        self._linked = [
            name for name in level.entities.navigations if name not in self._children and (not wanted or name in wanted)
        ]

    def link(self, row: Entity) -> str:
        """Return the address of an entity."""
        return f"{self._root}('{quote(str(row[self._key]).replace(chr(39), chr(39) * 2), safe=_KEPT)}')"

    def show(self, row: Entity) -> Shown:
        """Return an entity with its links, and with those to which it leads."""
        link = self.link(row)
        shown: Shown = {"@iot.id": row[self._key], "@iot.selfLink": link} if self._has_links else {}
        shown |= self._properties(row)
        for name in self._linked:
            shown[f"{name}@iot.navigationLink"] = f"{link}/{name}"
        for name, child in self._children.items():
            self._add_children(shown, f"{link}/{name}", name, child, row)
        return shown

    def _add_children(self, shown: Shown, link: str, name: str, child: "EntityView", row: Entity) -> None:
        navigation = self._level.entities.navigations[name]
        level = child._level  # noqa: SLF001 - of the same class
        rows = level.groups.get(self._level.value(row, navigation.local), [])
        if navigation.is_many:
            shown[name] = [child.show(each) for each in rows[: level.options.top]]
            if len(rows) > level.options.top:
                shown[f"{name}@iot.nextLink"] = f"{link}?{child._further}"  # noqa: SLF001 - of the same class
        else:
            shown[name] = child.show(rows[0]) if rows else None


_KEPT = "~:.,-_"
"""Characters of ids that need no escape in a path."""


def next_query(level: EntityLevel, cursor: str | None) -> str:
    """Return the query of the next page: the same options, after this page."""
    given = {name: value for name, value in level.options.given.items() if name not in {"$skip", "$skiptoken"}}
    given |= {"$skip": str(level.options.skip + level.options.top)} if cursor is None else {"$skiptoken": cursor}
    return urlencode(given, quote_via=quote, safe="$(),;'/:@")


def _presenter(shape: Shape, columns: Mapping[str, int]) -> Callable[[Entity], Shown]:
    """Return a function that shows these properties of a row: a loop over positions is all that each row costs."""
    plain: list[tuple[str, int]] = []
    made: list[tuple[str, Callable[[Entity], Any]]] = []
    for name, part in shape.items():
        if isinstance(part, str):
            plain.append((name, columns[part]))
        elif isinstance(part, Point):
            made.append((name, _point(columns[part.longitude], columns[part.latitude])))
        elif isinstance(part, Flags):
            made.append((name, _flags(columns[part.column])))
        else:
            made.append((name, _presenter(part, columns)))

    def show(row: Entity) -> Shown:
        shown = {name: row[position] for name, position in plain}
        for name, function in made:
            shown[name] = function(row)
        return shown

    return show


def _point(longitude: int, latitude: int) -> Callable[[Entity], Shown | None]:
    def show(row: Sequence[Any]) -> Shown | None:
        if row[longitude] is None or row[latitude] is None:
            return None
        return {"type": "Point", "coordinates": [row[longitude], row[latitude]]}

    return show


def _flags(position: int) -> Callable[[Entity], Sequence[str]]:
    return lambda row: flags(row[position])
