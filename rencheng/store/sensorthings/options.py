"""The query options of a SensorThings request, nested ones in `$expand` included.

The parser of OData filters is a library's. It has no grammar of options, so this file cuts them at their separators.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rencheng.store.sensorthings.entities import SETS, EntitySet, Navigation
from rencheng.store.sensorthings.refused import QueryRefused

TOP_DEFAULT, TOP_MAX = 100, 10_000
"""Entities in a page, unless asked otherwise, and at most. Proposal."""

DEPTH_MAX = 6
"""The most levels of `$expand`: from a Thing each set can be reached in four. Proposal."""

_QUOTED = re.compile(r"('(?:[^']|'')*')")
_OFFSET_READ_AS_SPACE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:\d\d)")
_ITEM = re.compile(r"([\w/]+)\s*(?:\((.*)\))?", re.DOTALL)
_NAMES = frozenset({"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count"})


@dataclass(frozen=True, slots=True)
class Options:
    """What a request asks of one set.

    Attributes:
        filter: the expression; None: everything.
        orderby: pairs of an expression and whether the order is descending.
        select: the properties, empty for all.
        expand: the options of each navigation that is answered as well.
        top: the most entities.
        skip: the entities that are left out first.
        count: whether the number of all is asked for.
        given: the options as they were sent, for links to further pages.
    """

    filter: str | None
    orderby: tuple[tuple[str, bool], ...]
    select: tuple[str, ...]
    expand: Mapping[str, "Options"]
    top: int
    skip: int
    count: bool
    given: Mapping[str, str]


def read_options(given: Mapping[str, str], entities: EntitySet, depth: int = 0) -> Options:
    """Read the options of a set.

    Raises:
        QueryRefused: one is unknown or malformed.
    """
    for name in given:
        if name not in _NAMES | ({"$skiptoken"} if depth == 0 else frozenset()):
            raise QueryRefused(f"The option {name!r} is unknown here. Known are {', '.join(sorted(_NAMES))}.")
    if depth > DEPTH_MAX:
        raise QueryRefused(f"`$expand` is nested more than {DEPTH_MAX} levels deep. Ask for less at once.")
    return Options(
        filter=_cleaned(given["$filter"]) if given.get("$filter", "").strip() else None,
        orderby=tuple(_sort_keys(given.get("$orderby", ""))),
        select=_selected(given.get("$select", ""), entities),
        expand=_expanded(given.get("$expand", ""), entities, depth),
        top=_whole("$top", given.get("$top", str(TOP_DEFAULT)), TOP_MAX),
        skip=_whole("$skip", given.get("$skip", "0"), 2**31 - 1, is_cut=False),
        count=_truth(given.get("$count", "false")),
        given=given,
    )


def _whole(name: str, text: str, largest: int, *, is_cut: bool = True) -> int:
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,18}", text) or (int(text) > largest and not is_cut):
        raise QueryRefused(f"`{name}` must be a whole number from 0 to {largest}.")
    return min(int(text), largest)


def _truth(text: str) -> bool:
    if text.strip() not in {"true", "false"}:
        raise QueryRefused("`$count` must be true or false.")
    return text.strip() == "true"


def _selected(text: str, entities: EntitySet) -> tuple[str, ...]:
    names = tuple(_as_id(part.strip()) for part in _split(text, ","))
    for name in names:
        if name not in entities.shape and name not in entities.navigations and name != "id":
            raise QueryRefused(f"`$select`: {entities.name} have no property {name!r}.")
    return names


def _sort_keys(text: str) -> Iterator[tuple[str, bool]]:
    for part in _split(text, ","):
        expression, _, direction = part.strip().rpartition(" ")
        if direction not in {"asc", "desc"}:
            expression, direction = part.strip(), "asc"
        yield _cleaned(expression), direction == "desc"


def _expanded(text: str, entities: EntitySet, depth: int) -> dict[str, Options]:
    asked: dict[str, dict[str, str]] = {}
    for part in _split(text, ","):
        found = _ITEM.fullmatch(part.strip())
        if found is None:
            raise QueryRefused(f"`$expand`: {part.strip()[:100]!r} cannot be read. Write `Datastreams($top=1)`.")
        name, _, rest = found[1].partition("/")
        navigation_of(entities, name)
        options = asked.setdefault(name, {})
        inner = found[2] or ""
        if rest:  # Datastreams/Sensor is short for Datastreams($expand=Sensor)
            inner = f"$expand={rest}({inner})" if inner else f"$expand={rest}"
        for pair in _split(inner, ";"):
            key, _, value = pair.partition("=")
            key = key.strip()
            options[key] = f"{options[key]},{value}" if key == "$expand" and key in options else value
    return {
        name: read_options(options, SETS[entities.navigations[name].target], depth + 1)
        for name, options in asked.items()
    }


def navigation_of(entities: EntitySet, name: str) -> Navigation:
    """Return a navigation.

    Raises:
        QueryRefused: there is none of this name.
    """
    if name not in entities.navigations:
        known = ", ".join(entities.navigations)
        raise QueryRefused(f"{entities.name} do not lead to {name[:100]!r}. They lead to {known}.")
    return entities.navigations[name]


def _split(text: str, separator: str) -> Iterator[str]:
    """Split at separators outside of quotes and parentheses; leave out empty parts."""
    depth, quoted, part = 0, False, ""
    for character in text:
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
        if character == separator and not quoted and depth == 0:
            if part.strip():
                yield part
            part = ""
        else:
            part += character
    if depth or quoted:
        raise QueryRefused("A parenthesis or a quotation mark has no counterpart.")
    if part.strip():
        yield part


def _cleaned(text: str) -> str:
    """Return an expression with `@iot.id` as `id`, and with the plus sign of an offset that was read as a space."""
    parts = _QUOTED.split(text)
    parts[::2] = [_OFFSET_READ_AS_SPACE.sub(r"\1+\2", _as_id(part)) for part in parts[::2]]
    return "".join(parts).strip()


def _as_id(text: str) -> str:
    return text.replace("@iot.id", "id")
