"""Responses of regions: their state, and everything that happened to them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, select, update

from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.domain.region import code_includes
from rencheng.response.declarations.machine import DeclaredResponse, ResponseInput
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.schema.tables import sites, warnings
from rencheng.store.schema.task_tables import response_events, responses

_RESPONSE = TypeAdapter(DeclaredResponse)
_INPUT: TypeAdapter[ResponseInput] = TypeAdapter(ResponseInput)


class StoredResponse(NamedTuple):
    """A response with its number, and the number of its events."""

    response_id: int
    response: DeclaredResponse
    events: int


def levels_by_district(connection: Connection) -> Mapping[tuple[str, str], list[Level]]:
    """Return the levels of the open warnings by world and district."""
    query = (
        select(warnings.c.world, sites.c.region, warnings.c.level)
        .join(sites, sites.c.site_id == warnings.c.site_id)
        .where(warnings.c.closed_at.is_(None))
    )
    found: dict[tuple[str, str], list[Level]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.world, row.region].append(Level(row.level))
    return found


def running_regions(connection: Connection) -> list[tuple[str, str]]:
    """Return the worlds and regions in which a response runs."""
    query = select(responses.c.world, responses.c.region).where(responses.c.ended_at.is_(None))
    return [(row.world, row.region) for row in connection.execute(query)]


def lock_region(connection: Connection, world: str, region: str) -> StoredResponse | None:
    """Let no other process change the responses of a region. Return the one that runs."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"response/{world}/{region}"))))
    query = select(responses).where(
        responses.c.world == world, responses.c.region == region, responses.c.ended_at.is_(None)
    )
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _stored(row)


def last_response(connection: Connection, world: str, region: str) -> DeclaredResponse | None:
    """Return the newest response of a region that is over."""
    query = select(responses).where(
        responses.c.world == world, responses.c.region == region, responses.c.ended_at.is_not(None)
    )
    row = connection.execute(query.order_by(responses.c.response_id.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else _stored(row).response


def add_response(connection: Connection, response: DeclaredResponse) -> StoredResponse:
    """Write a new response."""
    values = _columns(response) | {
        "world": response.world,
        "region": response.region,
        "opened_at": response.opened_at,
    }
    number = connection.execute(insert(responses).values(values).returning(responses.c.response_id)).scalar_one()
    return StoredResponse(number, response, 0)


def record_response(
    connection: Connection, stored: StoredResponse, given: ResponseInput, response: DeclaredResponse, actor: str
) -> StoredResponse:
    """Write the new state, and what happened."""
    n = stored.events + 1
    query = update(responses).where(responses.c.response_id == stored.response_id)
    connection.execute(query.values(events=n, changed_at=func.now(), **_columns(response)))
    values = {"response_id": stored.response_id, "n": n, "at": func.now(), "kind": type(given).__name__}
    values |= {"given": _INPUT.dump_python(given, mode="json"), "refusal": "", "actor": actor}
    connection.execute(insert(response_events).values(values))
    return StoredResponse(stored.response_id, response, n)


def declared_number(connection: Connection, world: str, region: str) -> int | None:
    """Return the gravest number that is in force for a district, by itself or by its city or province."""
    query = select(responses.c.region, responses.c.number).where(
        responses.c.world == world, responses.c.ended_at.is_(None), responses.c.number.is_not(None)
    )
    return min((row.number for row in connection.execute(query) if code_includes(row.region, region)), default=None)


def find_response(connection: Connection, response_id: int) -> StoredResponse | None:
    """Return a response."""
    query = select(responses).where(responses.c.response_id == response_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _stored(row)


def list_responses(
    connection: Connection, *, reach: Reach, world: str | None, include_over: bool, limit: int
) -> list[StoredResponse]:
    """Return responses, the newest first."""
    query = select(responses).where(within(reach, responses.c.region, responses.c.world))
    if world is not None:
        query = query.where(responses.c.world == world)
    if not include_over:
        query = query.where(responses.c.ended_at.is_(None))
    rows = connection.execute(query.order_by(responses.c.response_id.desc()).limit(limit)).mappings()
    return [_stored(row) for row in rows]


def events_of_response(connection: Connection, response_id: int) -> list[Row]:
    """Return everything that happened to a response, in order."""
    query = select(response_events).where(response_events.c.response_id == response_id)
    return list(connection.execute(query.order_by(response_events.c.n)).mappings())


def _columns(response: DeclaredResponse) -> dict[str, object]:
    return {
        "state": response.state.value,
        "number": response.number,
        "ended_at": response.ended_at,
        "document": _RESPONSE.dump_python(response, mode="json"),
    }


def _stored(row: Row) -> StoredResponse:
    return StoredResponse(row["response_id"], _RESPONSE.validate_python(row["document"]), row["events"])
