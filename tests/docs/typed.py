"""A document's commands, as a newcomer would type them in a checkout."""

import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local_stack.ports import choose_port
from tests.checkouts import RENCHENG, Checkout

ROOT = Path(__file__).parent.parent.parent
LOOP = re.compile(r"^for .*?^done$", flags=re.MULTILINE | re.DOTALL)
SERVE = ".venv/bin/rencheng serve"


def commands(document: str, section: int | None = None) -> list[str]:
    """The indented blocks of a document, or of one of its sections, as commands: comments gone, lines joined."""
    text = (ROOT / document).read_text(encoding="utf-8").replace("\\\n", "")
    if section is not None:
        text = re.split(r"^## ", text, flags=re.MULTILINE)[section]
    lines = (line[4:].split("  #")[0].rstrip() for line in text.splitlines() if line.startswith("    "))
    one_line = re.sub(LOOP, lambda loop: loop[0].replace("\n", "; "), "\n".join(lines))
    return one_line.replace("do; ", "do ").splitlines()


@dataclass
class Shell:
    """One shell after another with the same variables, in a checkout."""

    checkout: Checkout
    environment: dict[str, str] = field(init=False)
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = choose_port(seed=str(self.checkout.folder), avoid=())
        path = f"{self.checkout.folder / 'bin'}:{os.environ['PATH']}"
        self.environment = self.checkout.environment | {"RENCHENG_API_PORT": str(self.port), "PATH": path}
        make = self.checkout.folder / "bin" / "make"
        make.parent.mkdir()
        # stands in for `make up` and `make down`: the checkout of a test has no Makefile, and needs no second .venv
        make.write_text(f'#!/bin/sh\nexec {RENCHENG} stack "$1" --checkout {self.checkout.folder}\n')
        make.chmod(0o755)

    def type(self, *lines: str) -> str:
        """Run lines in one shell; what they printed."""
        script = "\n".join(lines).replace(":8010", f":{self.port}")
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.checkout.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, script + ended.stdout + ended.stderr
        return ended.stdout

    @contextmanager
    def serving(self) -> Iterator[None]:
        """`rencheng serve` in another terminal, and Ctrl-C at the end."""
        serving = subprocess.Popen([RENCHENG, "serve"], env=self.environment, cwd=self.checkout.folder)
        try:
            self._await_health()
            yield
        finally:
            serving.send_signal(signal.SIGINT)
        assert serving.wait(30) == 0

    def _await_health(self) -> None:
        until = time.monotonic() + 40
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        pytest.fail("the API did not come up")
