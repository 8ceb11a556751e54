"""SQL conditions of `$filter` and `$orderby`. The grammar is that of the library odata-query."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from odata_query import ast, grammar
from odata_query.exceptions import FunctionCallException, ODataException
from odata_query.sqlalchemy.core import AstToSqlAlchemyCoreVisitor
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Float,
    FromClause,
    Integer,
    Interval,
    Numeric,
    String,
    Text,
    Time,
    and_,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import NullType, TypeEngine

from rencheng.domain.reach import Reach
from rencheng.store.sensorthings.areas import corners_of
from rencheng.store.sensorthings.entities import SETS, EntitySet, Flags, Point, Shape
from rencheng.store.sensorthings.options import navigation_of
from rencheng.store.sensorthings.refused import NotSupported, QueryRefused
from rencheng.store.sensorthings.sources import SOURCES

grammar.ODATA_FUNCTIONS.update(st_within=2, st_intersects=2)  # of SensorThings, not of OData

_UNSUPPORTED = "It is not answered here. See docs/reference/sensorthings.md for the functions that are."


def condition_of(text: str, entities: EntitySet, source: FromClause, reach: Reach) -> ColumnElement[bool]:
    """Return the condition of a filter.

    Raises:
        QueryRefused: it cannot be read, or its types do not fit.
        NotSupported: it is valid, and not answered here.
    """
    with _refusals("$filter", text):
        return _Leaves(entities, source, reach).condition(_parse(text))


def named_datastream(text: str | None) -> str | None:
    """Return the Datastream that a filter of Observations names, so that its readings alone are looked at."""
    with _refusals("$filter", text or ""):
        node = _parse(text) if text else None
    while isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        if (found := _named(node.right)) is not None:
            return found
        node = node.left
    return _named(node)


def _named(node: object) -> str | None:
    if not isinstance(node, ast.Compare) or not isinstance(node.comparator, ast.Eq):
        return None
    is_id = isinstance(node.left, ast.Attribute) and _steps(node.left) == ["Datastream", "id"]
    return node.right.val if is_id and isinstance(node.right, ast.String) else None


def order_of(text: str, entities: EntitySet, source: FromClause) -> ColumnElement[Any]:
    """Return the expression by which a set is ordered: a property of the set itself.

    Raises:
        QueryRefused: it is none.
    """
    with _refusals("$orderby", text):
        found = column_of(entities.shape, source, _steps(_parse(text)))
        if found is None:
            raise QueryRefused(f"`$orderby`: {entities.name} have no property {text[:100]!r} to order by.")
        return found


def column_of(shape: Shape, source: FromClause, steps: Sequence[str]) -> ColumnElement[Any] | None:
    """Return the column of a property path; None if the set has no such property."""
    if list(steps) == ["id"]:
        return source.c["id"]
    found: str | Point | Flags | Shape | None = shape
    for step in steps:
        if isinstance(found, Point):
            # QGIS asks for the type of a geometry where GeoJSON may have it: of a point, or of a feature
            return {"type": literal("Point", Text), "geometry": cast(null(), Text)}.get(step)
        found = found.get(step) if isinstance(found, Mapping) else None
    return source.c[found] if isinstance(found, str) else None


@contextmanager
def _refusals(option: str, text: str) -> Iterator[None]:
    """Refuse what the parser or SQLAlchemy cannot take. Both raise errors of many classes for types that do not fit."""
    try:
        yield
    except QueryRefused:
        raise
    except FunctionCallException as error:
        raise NotSupported(f"`{option}`: {error} {_UNSUPPORTED}") from None
    except NotImplementedError:
        raise NotSupported(f"`{option}`: {text[:200]!r}: {_UNSUPPORTED}") from None
    except (ODataException, SQLAlchemyError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise QueryRefused(f"`{option}`: {text[:200]!r} cannot be read, or its types do not fit.") from None


def _parse(text: str) -> Any:  # noqa: ANN401 - the library's tree has no common public class
    return grammar.ODataParser().parse(grammar.ODataLexer().tokenize(text))


def _steps(node: object) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [*_steps(node.owner), node.attr]
    if isinstance(node, ast.Identifier):
        return [".".join((*node.namespace, node.name))]
    raise NotImplementedError


_FAMILIES: Mapping[str, tuple[type[TypeEngine[Any]], ...]] = {
    "number": (Numeric, Float, Integer),
    "text": (String,),
    "boolean": (Boolean,),
    "time": (DateTime, Date),
    "clock": (Time,),
    "duration": (Interval,),
    "null": (NullType,),
}
_OF_TEXT, _OF_TIME, _OF_NUMBER = ("text",), ("time",), ("number",)
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("contains", "startswith", "endswith", "indexof", "concat"), _OF_TEXT * 2),
    "substring": ("text", "number", "number"),
    **dict.fromkeys(("length", "tolower", "toupper", "trim"), _OF_TEXT),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "date", "time"), _OF_TIME),
    **dict.fromkeys(("round", "floor", "ceiling"), _OF_NUMBER),
}
_UNORDERED = frozenset({"boolean", "null"})


def _family(value: Any) -> str:  # noqa: ANN401 - of a tree of the library
    """Return what kind of value an expression has. PostgreSQL compares no two kinds."""
    found = getattr(value, "type", None)
    return next((name for name, types in _FAMILIES.items() if isinstance(found, types)), "unknown")


class _Leaves(AstToSqlAlchemyCoreVisitor):
    """Translates a tree. Each comparison becomes a condition: the entities to which it leads exist and meet it."""

    def __init__(self, entities: EntitySet, source: FromClause, reach: Reach) -> None:
        self._entities = entities
        self._source = source
        self._reach = reach
        self._others: dict[tuple[str, ...], tuple[EntitySet, FromClause]] = {}
        self._joins: list[ColumnElement[bool]] = []
        self._visited: dict[int, Any] = {}

    def visit(self, node: Any) -> Any:  # noqa: ANN401 - named by the library
        """Translate a node once, also if its type is looked at first: nested calls would double the work each."""
        if id(node) not in self._visited:
            self._visited[id(node)] = super().visit(node)
        return self._visited[id(node)]

    def visit_Call(self, node: ast.Call) -> Any:  # noqa: N802, ANN401
        """Translate a call of a function, whose arguments must have the types that it takes."""
        name = node.func.name.lower()
        for argument, wanted in zip(node.args, _ARGUMENTS.get(name, ()), strict=False):
            if _family(self.visit(argument)) != wanted:
                raise QueryRefused(f"`$filter`: `{name}` takes a {wanted} here.")
        return super().visit_Call(node)

    def condition(self, node: Any) -> ColumnElement[bool]:  # noqa: ANN401
        """Return the condition of a tree."""
        if isinstance(node, ast.BoolOp):
            combine: Callable[..., ColumnElement[bool]] = self.visit(node.op)
            return combine(self.condition(node.left), self.condition(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.condition(node.operand)
        leaf = _Leaves(self._entities, self._source, self._reach)
        return leaf.leaf(node)

    def leaf(self, node: Any) -> ColumnElement[bool]:  # noqa: ANN401
        """Return the condition of a comparison or of a function that is true or false."""
        found: ColumnElement[bool] = self.visit(node)
        if _family(found) != "boolean":
            raise QueryRefused("`$filter`: a condition must be true or false, such as `name eq 'x'`.")
        if not self._others:
            return found
        others = [source for _, source in self._others.values()]
        return select(literal(1)).select_from(*others).where(and_(*self._joins, found)).correlate(self._source).exists()

    def visit_Identifier(self, node: ast.Identifier) -> Any:  # noqa: N802, ANN401 - named by the library
        return self._column(_steps(node))

    def visit_Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802, ANN401
        return self._column(_steps(node))

    def visit_DateTime(self, node: ast.DateTime) -> Any:  # noqa: N802, ANN401
        if node.py_val.tzinfo is None:
            raise QueryRefused(f"`$filter`: the time {node.val} has no offset. Write {node.val}+08:00 or {node.val}Z.")
        return literal(node.py_val)

    def visit_Compare(self, node: ast.Compare) -> Any:  # noqa: N802, ANN401
        left, right = self.visit(node.left), self.visit(node.right)
        are_equal = isinstance(node.comparator, ast.Eq | ast.NotEq)
        for other in right if isinstance(right, list) else [right]:
            families = {_family(left), _family(other)} - ({"null"} if are_equal else set())
            if len(families) > 1 or (families & _UNORDERED and not are_equal) or families & {"unknown"}:
                raise QueryRefused("`$filter`: it compares values of different types, or of types without an order.")
        return self.visit(node.comparator)(left, right)

    def visit_BinOp(self, node: ast.BinOp) -> Any:  # noqa: N802, ANN401
        left, right = self.visit(node.left), self.visit(node.right)
        families = (_family(left), _family(right))
        is_shift = isinstance(node.op, ast.Add | ast.Sub) and families == ("time", "duration")
        if families != ("number", "number") and not is_shift:
            raise QueryRefused("`$filter`: it calculates with what are no numbers.")
        return self.visit(node.op)(left, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:  # noqa: N802, ANN401
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not) and _family(operand) == "boolean":
            return ~operand
        if isinstance(node.op, ast.USub) and _family(operand) == "number":
            return -operand
        raise QueryRefused("`$filter`: `not` is for conditions, and a minus sign for numbers.")

    def visit_Geography(self, node: ast.Geography) -> Any:  # noqa: N802, ANN401
        raise NotImplementedError

    def visit_NamedParam(self, node: ast.NamedParam) -> Any:  # noqa: N802, ANN401
        raise NotImplementedError

    def func_matchespattern(self, *_: object) -> Any:  # noqa: ANN401
        raise NotImplementedError

    def func_contains(self, field: Any, substr: Any) -> Any:  # noqa: ANN401
        return func.strpos(self.visit(field), self.visit(substr), type_=Integer) > 0

    def func_startswith(self, field: Any, substr: Any) -> Any:  # noqa: ANN401
        return func.starts_with(self.visit(field), self.visit(substr), type_=Boolean)

    def func_endswith(self, field: Any, substr: Any) -> Any:  # noqa: ANN401
        end = self.visit(substr)
        return func.right(self.visit(field), func.char_length(end), type_=Text) == end

    def func_intersects(self, place: Any, area: Any) -> Any:  # noqa: ANN401
        """Return whether a point lies in a polygon."""
        return self._is_within(place, area)

    def func_st_within(self, place: Any, area: Any) -> Any:  # noqa: ANN401
        """Return the same, because every place here is a point."""
        return self._is_within(place, area)

    func_st_intersects = func_st_within

    def _is_within(self, place: object, area: object) -> Any:  # noqa: ANN401
        if not isinstance(area, ast.Geography):
            raise QueryRefused("`$filter`: give the property first, then the area as geography'POLYGON((…))'.")
        entities, source, rest = self._follow(_steps(place))
        found = entities.shape.get(rest[0]) if len(rest) == 1 else None
        if not isinstance(found, Point):
            raise QueryRefused(
                "`$filter`: only `location` of Locations and `feature` of FeaturesOfInterest are places."
            )
        point = func.point(source.c[found.longitude], source.c[found.latitude])
        return point.op("<@", is_comparison=True)(func.polygon(cast(corners_of(area.val), Text)))

    def _column(self, steps: Sequence[str]) -> ColumnElement[Any]:
        entities, source, rest = self._follow(steps)
        found = column_of(entities.shape, source, rest)
        if found is None:
            raise QueryRefused(f"`$filter`: {entities.name} have no property {'/'.join(rest)!r} to compare.")
        return found

    def _follow(self, steps: Sequence[str]) -> tuple[EntitySet, FromClause, list[str]]:
        """Follow the navigations at the start of a path. Paths with an equal start share the entities there."""
        entities, source, path = self._entities, self._source, tuple[str, ...]()
        rest = list(steps)
        while rest and rest[0] not in entities.shape and rest != ["id"]:
            navigation = navigation_of(entities, rest[0])
            path = (*path, rest.pop(0))
            if path not in self._others:
                if navigation.target == "Observations":
                    raise NotSupported(
                        "`$filter` by the Observations of something would read all of them. "
                        "Ask a Datastream for its Observations instead."
                    )
                other = SOURCES[navigation.target](self._reach)
                self._joins.append(other.c[navigation.remote] == source.c[navigation.local])
                self._others[path] = (SETS[navigation.target], other)
            entities, source = self._others[path]
        return entities, source, rest
