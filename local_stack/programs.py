"""The servers' programs: downloaded and unpacked once, shared by all clones of a user."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_stack import apt, unpack
from local_stack.apt_settings import WANTED, architecture, check_tools, write_settings
from local_stack.errors import INSTEAD, StackError
from local_stack.locks import hold_lock
from local_stack.paths import SharedHome, home_folder, make_shared_folder, open_home
from local_stack.progress import ProgressReporter

PACKAGES = ("postgresql-17-timescaledb", "mosquitto", "mosquitto-clients")
RECIPE = 1  # count up when unpacking changes, so that everybody gets a new folder
NEEDED_BYTES = 700_000_000


@dataclass(frozen=True)
class Programs:
    """Unpacked programs with their own C library, and the environment that they need."""

    root: Path

    @property
    def postgres_bin(self) -> Path:
        """The folder of initdb, postgres, pg_dump and others."""
        return self.root / "usr/lib/postgresql/17/bin"

    @property
    def psql(self) -> Path:
        """PostgreSQL's shell."""
        return self.postgres_bin / "psql"

    @property
    def mosquitto(self) -> Path:
        """The broker."""
        return self.root / "usr/sbin/mosquitto"

    @property
    def mosquitto_pub(self) -> Path:
        """The command-line publisher."""
        return self.root / "usr/bin/mosquitto_pub"

    @property
    def mosquitto_sub(self) -> Path:
        """The command-line subscriber."""
        return self.root / "usr/bin/mosquitto_sub"

    @property
    def bin(self) -> Path:
        """One folder with links to the commands: psql, pg_dump, mosquitto_pub and others."""
        return self.root / "bin"

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of the programs. Nothing of this machine's libraries or settings is in it."""
        return {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "LOCPATH": str(self.root / "usr/lib/locale"),
            "TZ": "UTC",
            "OPENSSL_CONF": str(self.root / "etc/ssl/openssl.cnf"),
        }


def ensure(report: ProgressReporter, *, home: SharedHome | None = None) -> Programs:
    """Return the programs, downloaded and unpacked if necessary. It can be killed at any point and repeated."""
    home = home or open_home(home_folder())
    check_tools()
    programs = installed(home)
    if programs.root.is_dir():
        return programs
    make_shared_folder(home.programs)
    waiting_for = "another `up`, which downloads the same programs"
    with hold_lock(home.lock_file, waiting_for=waiting_for, report=report) as lock:
        if not programs.root.is_dir():
            _build(programs, home=home, lock=lock, report=report)
    return programs


def installed(home: SharedHome) -> Programs:
    """Return the location of the programs, whether they exist or not."""
    return Programs(root=home.programs / _recipe_name())


def _recipe_name() -> str:
    recipe = repr((RECIPE, PACKAGES, WANTED, architecture()))
    return f"{WANTED}-{architecture()}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _build(programs: Programs, *, home: SharedHome, lock: int, report: ProgressReporter) -> None:
    """Build beside the final place, then move in one step, so that a folder in place is complete."""
    report.print_line(f"downloading TimescaleDB and Mosquitto into {home.folder} (once; about 100 MB)")
    fresh = unpack_packages(PACKAGES, programs.root, home=home, lock=lock, report=report)
    _link_commands(Programs(root=fresh))
    _check_that_it_runs(Programs(root=fresh))
    os.sync()  # after a power cut, a folder that is there must hold what was written to it
    fresh.rename(programs.root)


def unpack_packages(
    names: Sequence[str], final: Path, *, home: SharedHome, lock: int, report: ProgressReporter
) -> Path:
    """Download packages and unpack them for a folder. Return the folder beside it where they are until it is moved."""
    _check_space(home.folder)
    make_shared_folder(home.apt)
    files = apt.fetch(names, settings=write_settings(home.apt), lock=lock, report=report)
    fresh = final.with_name(final.name + ".partial")
    if fresh.exists():
        shutil.rmtree(fresh)
    unpack.unpack(files, fresh, report=report)
    unpack.adopt(fresh, final=final)
    return fresh


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise StackError(
            f"{folder} has {free / 1e6:.0f} MB free; {NEEDED_BYTES / 1e6:.0f} MB are needed.",
            remedy="Make room there, or (as an ordinary user) set XDG_CACHE_HOME to a folder on a larger disk.",
        )


def _link_commands(programs: Programs) -> None:
    make_shared_folder(programs.bin)
    for command in (*programs.postgres_bin.iterdir(), *programs.root.glob("usr/bin/mosquitto_*"), programs.mosquitto):
        (programs.bin / command.name).symlink_to(Path("..") / command.relative_to(programs.root))


def _check_that_it_runs(programs: Programs) -> None:
    """Run each program through its loader by name, because the programs expect it in their final place."""
    loader = unpack.loader_in(programs.root)
    for program in (programs.postgres_bin / "postgres", programs.psql, programs.mosquitto_pub):
        command = [str(loader), "--library-path", str(loader.parent), str(program), "--version"]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, env=programs.environment)
        if "version" not in ended.stdout and ended.returncode != 0:
            raise StackError(
                f"The unpacked {program.name} does not run: {(ended.stderr or ended.stdout).strip()[-500:]}",
                remedy=f"If {programs.root.parent} forbids programs (noexec), set XDG_CACHE_HOME elsewhere. {INSTEAD}",
            )
