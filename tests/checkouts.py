"""A checkout of the tests' own: its servers and ports, by the same commands that a newcomer types."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack.programs import ensure
from local_stack.progress import progress_for_stdout
from local_stack.stack import reset

RENCHENG = Path(sys.executable).with_name("rencheng")


@dataclass(frozen=True)
class Checkout:
    """A folder that stands for a clone."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """As in a shell where nothing of ours is set."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RENCHENG_")}
        return kept | {"RENCHENG_CHECKOUT": str(self.folder)}

    def rencheng(self, *words: str, timeout_s: float = 100) -> str:
        """Run `rencheng …` to its end; what it printed."""
        ended = subprocess.run(
            [RENCHENG, *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@contextmanager
def new_checkout(folder: Path) -> Iterator[Checkout]:
    """A checkout whose servers are gone again at the end."""
    ensure(progress_for_stdout())
    try:
        yield Checkout(folder)
    finally:
        reset(folder)
