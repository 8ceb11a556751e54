"""OGC SensorThings 1.1 (Sensing, read-only): one route for all paths, over the same rows as /v1.

QGIS, portals of water agencies and `frost-sta-client` connect to it as they are.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from rencheng.domain.bounds import plain_text
from rencheng.store.sensorthings.entities import DATASTREAMS, OBSERVATIONS, SETS, EntitySet, Navigation
from rencheng.store.sensorthings.filters import named_datastream
from rencheng.store.sensorthings.options import Options, navigation_of, read_options
from rencheng.store.sensorthings.query import EntityLevel, EntityReader, cursor_columns
from rencheng.store.sensorthings.refused import NoSuchEntity, NotSupported, QueryRefused
from services.api.auth.guard import Caller
from services.api.deps import Db
from services.api.http import cursors
from services.api.http.errors import (
    InvalidParameter,
    NotFound,
    QueryInvalid,
    QueryNotSupported,
    problem_responses,
)
from services.api.routes.sensorthings.paths import Step, read_path
from services.api.routes.sensorthings.shown import EntityView, next_query

ROOT = "/sta/v1.1"

_CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/iot_sensing/1.1/req/{name}"
    for name in ("datamodel", "resource-path/resource-path-to-entities", "request-data")
)

router = APIRouter(tags=["sensorthings"], responses=problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED))

_TEXT_MAX = 4_000


@router.get(
    "",
    summary="Get the SensorThings service root SensorThings 服务根",
    operation_id="get_sensorthings_root",
)
def get_root(request: Request, _caller: Caller) -> dict[str, Any]:
    """Return the entity sets and what of the standard is answered."""
    root = f"{request.app.state.public_url}{ROOT}"
    return {
        "value": [{"name": name, "url": f"{root}/{name}"} for name in SETS],
        "serverSettings": {"conformance": list(_CONFORMANCE)},
    }


@router.get(
    "/{entity_path:path}",
    summary="Read SensorThings entities 读取 SensorThings 实体",
    operation_id="read_sensorthings",
    responses={HTTPStatus.OK.value: {"content": {"application/json": {}, "text/plain": {}}}},
    response_class=Response,
)
def read_entities(
    request: Request,
    database: Db,
    caller: Caller,
    entity_path: str,
    *,
    _filter: Annotated[str | None, Query(alias="$filter", max_length=_TEXT_MAX)] = None,
    _select: Annotated[str | None, Query(alias="$select", max_length=_TEXT_MAX)] = None,
    _expand: Annotated[str | None, Query(alias="$expand", max_length=_TEXT_MAX)] = None,
    _orderby: Annotated[str | None, Query(alias="$orderby", max_length=_TEXT_MAX)] = None,
    _top: Annotated[str | None, Query(alias="$top", max_length=_TEXT_MAX)] = None,
    _skip: Annotated[str | None, Query(alias="$skip", max_length=_TEXT_MAX)] = None,
    _count: Annotated[str | None, Query(alias="$count", max_length=_TEXT_MAX)] = None,
    _skiptoken: Annotated[str | None, Query(alias="$skiptoken", max_length=_TEXT_MAX)] = None,
) -> Response:
    """Return a set, an entity or a property, as its path and the OData options say.

    Without a bound key only the world `actual` is shown; a key that is bound to an exercise sees that one.
    """
    given = dict(request.query_params)
    try:
        _check_text(entity_path, *given.values())
        with database.read() as connection:
            walk = _Walk(EntityReader(connection, caller.reach), f"{request.app.state.public_url}{ROOT}", given)
            answer = walk.answer(read_path(entity_path))
    except NoSuchEntity as error:
        raise NotFound(str(error)) from None
    except NotSupported as error:
        raise QueryNotSupported(str(error)) from None
    except QueryRefused as error:
        raise QueryInvalid(str(error)) from None
    return answer


class _Walk:
    """Follows a path, step by step. Every entity on the way must exist within the reach of the key."""

    def __init__(self, reader: EntityReader, root: str, given: Mapping[str, str]) -> None:
        self._reader = reader
        self._root = root
        self._given = given

    def answer(self, steps: list[Step]) -> Response:
        """Answer a path."""
        first, *rest = steps or [Step("", None)]
        if first.name not in SETS:
            raise NoSuchEntity(f"There is no set {first.name[:100]!r}. There are {', '.join(SETS)}.")
        return self._from_set(SETS[first.name], first, rest, None, first.name)

    def _from_set(
        self, entities: EntitySet, step: Step, rest: list[Step], parent: tuple[Navigation, str] | None, path: str
    ) -> Response:
        if step.key is None:
            return self._page(entities, rest, parent, path)
        level = self._reader.find(entities, step.key, parent, self._options(entities, rest))
        return self._from_entity(level, rest)

    def _page(
        self, entities: EntitySet, rest: list[Step], parent: tuple[Navigation, str] | None, path: str
    ) -> Response:
        is_ref = bool(rest) and rest[0] == Step("$ref", None) and len(rest) == 1
        if rest and not is_ref:
            raise NoSuchEntity(f"`{rest[0].name[:100]}` follows a set. Name one entity: {entities.name}('…').")
        options = read_options(self._given, entities)
        if entities is OBSERVATIONS and parent is None and (key := named_datastream(options.filter)):
            parent = DATASTREAMS.navigations["Observations"], key
        level = self._reader.page(entities, options, parent=parent, after=_after(entities, options))
        view, rows = EntityView(level, self._root), level.groups[None]
        shown: dict[str, Any] = {} if level.count is None else {"@iot.count": level.count}
        if len(rows) > options.top > 0:
            cursor = None if level.position is None else cursors.encode(level.position)
            shown["@iot.nextLink"] = f"{self._root}/{path}{'/$ref' * is_ref}?{next_query(level, cursor)}"
        page = rows[: options.top]
        shown["value"] = [{"@iot.selfLink": view.link(row)} if is_ref else view.show(row) for row in page]
        return _json(shown)

    def _from_entity(self, level: EntityLevel, rest: list[Step]) -> Response:
        view, [row] = EntityView(level, self._root), level.groups[None]
        if not rest:
            return _json(view.show(row))
        step, *further = rest
        if step == Step("$ref", None) and not further:
            return _json({"@iot.selfLink": view.link(row)})
        if step.name not in level.entities.navigations:
            return _property(view.show(row), [step, *further])
        navigation = navigation_of(level.entities, step.name)
        local = level.value(row, navigation.local)
        target = SETS[navigation.target]
        if navigation.is_many:
            path = f"{view.link(row).removeprefix(self._root + '/')}/{step.name}"
            return self._from_set(target, step, further, (navigation, local), path)
        return self._from_entity(self._reader.follow(navigation, local, self._options(target, further)), further)

    def _options(self, entities: EntitySet, rest: list[Step]) -> Options:
        """Return the options for an entity: those of the request if the path ends with it."""
        return read_options({} if rest else self._given, entities)


def _property(shown: Mapping[str, Any], steps: list[Step]) -> Response:
    """Answer a property of an entity, or its bare value."""
    is_value = len(steps) > 1 and steps[-1].name == "$value"
    found: Any = shown
    for step in steps[: -1 if is_value else None]:
        if not isinstance(found, dict) or step.name not in found or step.key is not None:
            raise NoSuchEntity(f"There is no property {step.name[:100]!r} here.")
        found = found[step.name]
    if not is_value:
        return _json({steps[-1].name: found})
    if found is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    text = found if isinstance(found, str) else msgspec.json.encode(found).decode().strip('"')
    return Response(text, media_type="text/plain; charset=utf-8")


def _after(entities: EntitySet, options: Options) -> tuple[Any, ...] | None:
    """Return the position at which a page continues."""
    token = options.given.get("$skiptoken")
    if token is None:
        return None
    columns = cursor_columns(entities, options)
    try:
        return cursors.decode(token, columns or ())
    except InvalidParameter:
        raise QueryRefused("`$skiptoken` comes from `@iot.nextLink`. Follow that link unchanged.") from None


def _check_text(*texts: str) -> None:
    """Refuse text with characters that the database cannot hold, or that no name contains."""
    try:
        for text in texts:
            plain_text(text)
    except ValueError as error:
        raise QueryRefused(f"The request holds characters that are no text: {error}") from None


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
