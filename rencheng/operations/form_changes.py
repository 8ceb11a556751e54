"""What a new version of a plan or policy changes, in lines for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from rencheng.operations.differences import differences


def change_lines(before: BaseModel | None, after: BaseModel) -> list[str]:
    """Return each field that changes, with its old and new value; nothing if none does. Without a version all is new.

    Tasks are told apart by name, and steps by number.
    """
    if before is None:
        return ["new"]
    changed = differences(_by_name(before.model_dump(mode="json")), _by_name(after.model_dump(mode="json")))
    shown = {name: (_shown(old), _shown(changed["after"][name])) for name, old in changed["before"].items()}
    return [f"{name}: {old} → {new}" for name, (old, new) in shown.items() if old != new]


def _by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _named(each) for name, each in values.items()}


def _named(value: object) -> object:
    """Return a list of objects as an object, so that one that changes does not show all others as changed."""
    if isinstance(value, Sequence) and value and all(isinstance(each, Mapping) for each in value):
        return {str(each.get("task", number)): _by_name(each) for number, each in enumerate(value, start=1)}
    return value


def _shown(value: object) -> str:
    return "–" if value in (None, [], "") else str(value)
