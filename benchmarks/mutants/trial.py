"""A mutant before the engine's tests, in a process of its own that has loaded nothing of the engine yet."""

import contextlib
import importlib.util
import multiprocessing
import os
import resource
import sys
import types
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from benchmarks.mutants.operators import Mutant, plant

ROOT = Path(__file__).resolve().parents[2]

Task = Callable[[], object]

CPU_MAX_S, MEMORY_MAX_BYTES = 60, 4 << 30
"""What takes so much more than it takes the sound engine does not come to an end. Not told by the clock on
the wall: other work shares the machine."""

PATIENCE_S = 3600.0
"""Even of what waits without working."""


class _Quick:
    """Properties try the same examples each time, and none is looked for that is simpler than the first to fail."""

    @staticmethod
    def pytest_configure() -> None:
        from hypothesis import Phase, settings  # noqa: PLC0415 - pytest wants to load it itself

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("quick", deadline=None, derandomize=True, database=None, phases=phases)
        settings.load_profile("quick")


class _Planted(MetaPathFinder, Loader):
    """Gives the mutant out for the module that it changes."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = mutant.module
        self._path = source_of(mutant.module)
        self._code = compile(plant(self._path.read_text(encoding="utf-8"), mutant), str(self._path), "exec")

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def exec_module(self, module: types.ModuleType) -> None:
        exec(self._code, module.__dict__)  # noqa: S102 - our own source, with one node changed


def source_of(module: str) -> Path:
    """Where a module of ours stands."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def is_noticed(mutant: Mutant | None, tests: Sequence[str]) -> bool:
    """Whether a test fails, or does not come to an end, with the mutant in place."""
    options = ["-x", "-q", "-p", "no:cacheprovider"]
    return in_child(mutant, lambda: pytest.main([*options, *tests], [_Quick()]) != 0) is not False


def in_child(mutant: Mutant | None, task: Task) -> object:
    """What a task gives with the mutant in place; None if it raised, died, or took too long."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    child = fork.Process(target=_run, args=(mutant, task, theirs))
    child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(PATIENCE_S) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()
        ours.close()


def _run(mutant: Mutant | None, task: Task, answer: Connection) -> None:
    loaded = [name for name in sys.modules if name.startswith("services.alerts.")]
    assert not loaded, f"loaded before the mutant could be planted: {loaded}"  # noqa: S101 - or nothing would be tested
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    with Path(os.devnull).open("w", encoding="utf-8") as silence:
        os.dup2(silence.fileno(), 1)
        os.dup2(silence.fileno(), 2)
        with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
            if mutant:
                sys.meta_path.insert(0, _Planted(mutant))
            answer.send(task())
