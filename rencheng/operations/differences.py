"""What a change changed, for the audit log."""

import hashlib
from collections.abc import Mapping
from typing import Any

from rencheng.domain.compact_json import compact_json


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return `before` and `after` with only the fields that differ. A nested field is named `profile.up_hold_s`."""
    old, new = _flat(before), _flat(after)
    changed = [name for name in old | new if old.get(name) != new.get(name)]
    return {"before": {name: old.get(name) for name in changed}, "after": {name: new.get(name) for name in changed}}


def tag_of(values: Mapping[str, Any]) -> str:
    """Return a tag that changes with every change of the values. 400 and 400.0 are the same value."""
    return hashlib.sha256(compact_json(_canonical(values))).hexdigest()[:32]


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _canonical(each) for name, each in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _flat(values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{path}{name}.")
        else:
            flat[f"{path}{name}"] = value
    return flat
