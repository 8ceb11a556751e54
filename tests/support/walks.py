"""The files that handle one datum, in order, found by tracing the calls whose arguments or results carry it."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
PRODUCT = tuple(f"{ROOT / package}/" for package in ("rencheng", "services"))
LOGS = f"{ROOT / 'rencheng/runtime/logs.py'}"
"""Writes the line of a log; the datum goes no further from there."""

VOCABULARY = ("rencheng/domain/", "rencheng/runtime/")
"""Words and logging, which every package uses: a call into them is no turn-back."""


@dataclass
class Walk:
    """The calls that carried the datum.

    Attributes:
        marks: strings of which one is in the `repr` of everything that carries the datum.
        is_on: whether calls are recorded.
        files: the files that handled the datum, in the order of their first call.
        stations: those of them that passed it on to another file; the others only compute something from it.
        turn_backs: (file, package) where a file calls back into a package that the walk has left.
    """

    marks: tuple[str, ...]
    is_on: bool = False
    files: list[str] = field(default_factory=list)
    stations: set[str] = field(default_factory=set)
    turn_backs: list[tuple[str, str]] = field(default_factory=list)

    def profile(self, frame: FrameType, event: str, result: Any) -> None:
        """Record a call or return; for `sys.setprofile`."""
        if not self.is_on or event not in {"call", "return"} or not _is_product(frame):
            return
        if self._carries(result) if event == "return" else any(map(self._carries, tuple(frame.f_locals.values()))):
            self._add(_name(frame), _caller(frame))

    def _carries(self, value: object) -> bool:
        try:
            text = repr(value)
        except Exception:  # noqa: BLE001 - an object under construction has no repr yet
            return False
        return any(mark in text for mark in self.marks)

    def _add(self, callee: str, caller: str | None) -> None:
        if caller and caller != callee:
            self.stations.add(caller)
        if callee not in self.files:
            self.files.append(callee)
        elif (
            caller in self.files
            and self.files.index(callee) < self.files.index(caller)
            and _package(callee) != _package(caller)
            and not callee.startswith(VOCABULARY)
            and (caller, _package(callee)) not in self.turn_backs
        ):
            self.turn_backs.append((caller, _package(callee)))

    def __str__(self) -> str:
        files = "\n".join(
            f"{number} {name}{' →' if name in self.stations else ''}" for number, name in enumerate(self.files, start=1)
        )
        return "\n".join([files, *(f"turn-back: {caller} → {callee}" for caller, callee in self.turn_backs)])


@contextmanager
def tracing(*marks: str) -> Iterator[Walk]:
    """Trace this thread and every thread started meanwhile; set `is_on` to record."""
    walk = Walk(marks)
    threading.setprofile(walk.profile)
    sys.setprofile(walk.profile)
    try:
        yield walk
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _is_product(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(PRODUCT) and frame.f_code.co_filename != LOGS


def _name(frame: FrameType) -> str:
    return str(Path(frame.f_code.co_filename).relative_to(ROOT))


def _package(name: str) -> str:
    """Return the package of a file, as ARCHITECTURE lists them."""
    return "/".join(name.split("/")[:2])


def _caller(frame: FrameType) -> str | None:
    caller = frame.f_back
    while caller is not None and not _is_product(caller):
        caller = caller.f_back
    return _name(caller) if caller else None
