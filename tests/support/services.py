"""One of our services in a process of its own."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.polling import eventually


@dataclass
class Service:
    """A service that a test starts, reads the log of, and stops."""

    name: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self, *, until: str = "connected and subscribed") -> None:
        """Start, and wait for some words in the log."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"services.{self.name}"], env=self.environment, stderr=log
            )
        self.wait_for_log(until)

    def wait_for_log(self, words: str, *, within_s: float = 20) -> None:
        """Wait until the log holds some words."""
        eventually(lambda: words in self.log.read_text(), within_s=within_s)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(timeout=20)
