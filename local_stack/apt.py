"""Downloads packages with the machine's own apt, which checks the signatures."""

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_stack.apt_settings import AptSettings, without_credentials
from local_stack.errors import INSTEAD, StackError
from local_stack.progress import ProgressReporter, ProgressStep


@dataclass(frozen=True)
class Package:
    """A package file as the signed index describes it."""

    file_name: str
    size_bytes: int
    sha256: str

    def is_whole(self, archives: Path) -> bool:
        """Return whether the file exists and matches the index."""
        file = archives / self.file_name
        if not file.is_file() or file.stat().st_size != self.size_bytes:
            return False
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256


def fetch(names: Sequence[str], *, settings: AptSettings, lock: int, report: ProgressReporter) -> list[Path]:
    """Download packages with their dependencies. Return the files, each checked against the signed index."""
    settings.log_file.write_text("")
    apt = _Apt(settings=settings, lock=lock)
    with report.step("package lists") as step:
        apt.run("update", step=step, must_succeed=False)  # a third party's source may fail; ours are missed below
    wanted = apt.plan(names)
    size_mb = sum(package.size_bytes for package in wanted) / 1e6
    _drop_damaged(wanted, settings.archives)
    with report.step(f"{len(wanted)} packages, {size_mb:.0f} MB") as step:
        apt.run("install", "--download-only", *names, step=step)
    damaged = _drop_damaged(wanted, settings.archives)
    if damaged:
        raise StackError(
            f"{len(damaged)} packages did not arrive whole, {damaged[0]} first.", remedy="Run the same command again."
        )
    return [settings.archives / package.file_name for package in wanted]


def _drop_damaged(wanted: list[Package], archives: Path) -> list[str]:
    """Delete damaged files, because apt accepts any file of the right size. Return their names."""
    damaged = [package.file_name for package in wanted if not package.is_whole(archives)]
    for name in damaged:
        (archives / name).unlink(missing_ok=True)
    return damaged


@dataclass(frozen=True)
class _Apt:
    settings: AptSettings
    lock: int

    def plan(self, names: Sequence[str]) -> list[Package]:
        """Return the files that are needed, as if none were cached."""
        options = ("-o", f"Dir::Cache::archives={self.settings.folder / 'none'}", "-o", "Acquire::ForceHash=SHA256")
        command = ["apt-get", "install", "-qq", "--print-uris", *options, *names]
        found = subprocess.run(command, check=False, capture_output=True, text=True, env=self.settings.environment)
        self._log(found.stdout + found.stderr)
        if found.returncode != 0:
            raise self._failure(f"apt found no way to download {', '.join(names)}")
        return [_parse_plan(line) for line in found.stdout.splitlines() if line.startswith("'")]

    def run(self, *arguments: str, step: ProgressStep, must_succeed: bool = True) -> None:
        """Run apt-get and report its progress."""
        reading, writing = os.pipe()
        command = ["apt-get", "-o", f"APT::Status-Fd={writing}", *arguments]
        with self.settings.log_file.open("a") as log, os.fdopen(reading, errors="replace") as status:
            try:
                # apt inherits the lock: if this process is killed, no other process begins before apt has ended.
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(writing, self.lock),
                    env=self.settings.environment,
                )
            finally:
                os.close(writing)
            with child:
                for percent in _percentages(status):
                    step.update(percent, 100)
        if must_succeed and child.returncode != 0:
            raise self._failure("The packages could not be downloaded")

    def _log(self, text: str) -> None:
        with self.settings.log_file.open("a") as log:
            log.write(text)

    def _failure(self, what: str) -> StackError:
        lines = self.settings.log_file.read_text(errors="replace").splitlines()
        messages = [f"  {without_credentials(line)}" for line in lines if line.startswith(("E:", "W:", "Err:"))]
        return StackError(
            "\n".join([f"{what}:", *messages[-8:]]),
            remedy=f"Run the same command again; what was downloaded is kept. Apt's log is "
            f"{self.settings.log_file}. {INSTEAD}",
        )


def _percentages(status: Iterator[str]) -> Iterator[float]:
    """Yield the percentages of apt's status lines, `dlstatus:<number>:<percent>:<text>`."""
    for line in status:
        kind, _, rest = line.partition(":")
        if kind == "dlstatus":
            yield float(rest.split(":")[1])


def _parse_plan(line: str) -> Package:
    """Parse a line of --print-uris: `'address' file size hash`."""
    _, file_name, size, digest = line.rsplit(" ", 3)
    return Package(file_name=file_name, size_bytes=int(size), sha256=digest.removeprefix("SHA256:"))
