"""Paths of SensorThings: `Things('gauge-7')/Datastreams('gauge-7:depth')/Observations`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from rencheng.store.sensorthings.refused import NoSuchEntity, QueryRefused

STEPS_MAX = 12
"""The most steps of a path. Proposal."""

_STEP = re.compile(r"([$\w]+)(?:\('((?:[^']|'')+)'\))?(?:/|$)")


class Step(NamedTuple):
    """A name in a path, with the id in parentheses after it; None without one."""

    name: str
    key: str | None


def read_path(path: str) -> list[Step]:
    """Return the steps of a path.

    Raises:
        QueryRefused: it has too many.
        NoSuchEntity: it cannot be read.
    """
    steps = list(_steps(path.removesuffix("/")))
    if len(steps) > STEPS_MAX:
        raise QueryRefused(f"A path has at most {STEPS_MAX} steps.")
    return steps


def _steps(path: str) -> Iterator[Step]:
    position = 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None or "\0" in path:
            raise NoSuchEntity("This path cannot be read. An id is text in single quotes: Things('gauge-7').")
        yield Step(found[1], None if found[2] is None else found[2].replace("''", "'"))
        position = found.end()
