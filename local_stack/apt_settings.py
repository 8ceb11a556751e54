"""A private configuration of apt: the machine's servers and proxies, with our own state and cache."""

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local_stack.errors import INSTEAD, StackError
from local_stack.paths import make_shared_folder
from local_stack.sources import convert_list, convert_stanzas

WANTED = "trixie"  # the Debian release that has TimescaleDB for PostgreSQL 17

# The machine may fetch more kinds of index (contents, icons) and languages; none is needed here.
_NOT_TAKEN = ("Acquire::IndexTargets", "Acquire::Languages", "Acquire::PDiffs", "Acquire::Retries")

# Another vendor's repository may carry the same suite name; a pin lets in what Debian signed as its own.
_ONLY_DEBIAN = """Package: *
Pin: release o=Debian
Pin-Priority: 500

Package: *
Pin: release *
Pin-Priority: -1
"""


@dataclass(frozen=True)
class AptSettings:
    """The private configuration on disk."""

    folder: Path
    architecture: str

    @property
    def archives(self) -> Path:
        """The folder of downloaded packages."""
        return self.folder / "archives"

    @property
    def log_file(self) -> Path:
        """The log of apt."""
        return self.folder / "apt.log"

    @property
    def environment(self) -> dict[str, str]:
        """Apt's environment: ours (it may name a proxy), in English, with the private configuration."""
        return os.environ | {"LC_ALL": "C", "APT_CONFIG": str(self.folder / "apt.conf")}


def check_tools() -> None:
    """Raise a `StackError` with a remedy if this machine is not Debian."""
    missing = [tool for tool in ("apt-get", "apt-config", "dpkg", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise StackError(
            f"The local stack unpacks Debian packages, and this machine has no {', '.join(missing)}.", remedy=INSTEAD
        )


def architecture() -> str:
    """Return the machine's Debian architecture, such as amd64."""
    command = ["dpkg", "--print-architecture"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def write_settings(folder: Path, *, etc: Path = Path("/etc/apt")) -> AptSettings:
    """Write the private configuration from the machine's own."""
    settings = AptSettings(folder=folder, architecture=architecture())
    for name in ("lists", "archives", "sources", "none"):
        make_shared_folder(folder / name)
    (folder / "status").write_text("")  # as if nothing were installed: everything that is needed is fetched
    (folder / "preferences").write_text(_ONLY_DEBIAN)
    _write_sources(folder / "sources", etc=etc)
    conf = folder / "apt.conf"
    conf.touch(mode=0o600)  # a proxy's address may hold a password
    conf.write_text(_machine_options() + _own_options(settings))
    return settings


def _write_sources(folder: Path, *, etc: Path) -> None:
    lines: list[str] = []
    stanzas: list[str] = []
    codename = _codename()
    for file in (etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))):
        if file.is_file():
            lines += convert_list(file.read_text(errors="replace"), codename=codename, wanted=WANTED)
    for file in sorted((etc / "sources.list.d").glob("*.sources")):
        stanzas += convert_stanzas(file.read_text(errors="replace"), codename=codename, wanted=WANTED)
    if not lines and not stanzas:
        raise StackError(f"No source of Debian {codename} packages is configured in {etc}.", remedy=INSTEAD)
    (folder / "machine.list").write_text("\n".join(lines) + "\n")
    (folder / "machine.sources").write_text("\n\n".join(stanzas) + "\n")


def _codename() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    if release.get("ID") != "debian" or not release.get("VERSION_CODENAME"):
        name = release.get("PRETTY_NAME", "an unknown system")
        raise StackError(f"The local stack needs a released Debian, and this is {name}.", remedy=INSTEAD)
    return release["VERSION_CODENAME"]


def _machine_options() -> str:
    """Return how the machine reaches its servers: proxies, certificates and timeouts."""
    dump = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
    taken = [line for line in dump.splitlines() if line.startswith("Acquire::") and not line.startswith(_NOT_TAKEN)]
    return "\n".join(taken) + "\n"


def _own_options(settings: AptSettings) -> str:
    folder = settings.folder
    options = {
        "Dir::State": folder,
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Dir::Cache::archives": settings.archives,
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Log": folder,
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": folder / "none",
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": folder / "sources",
        "Dir::Etc::preferences": folder / "preferences",
        "Dir::Etc::preferencesparts": folder / "none",
        "Acquire::Languages": "none",
        "Acquire::PDiffs": "false",
        "Acquire::Retries": "3",
        "APT::Architecture": settings.architecture,
        "APT::Install-Recommends": "false",
        "APT::Get::Assume-Yes": "true",
    }
    lines = [f'{name} "{value}";' for name, value in options.items()]
    return "\n".join([*lines, f'APT::Architectures {{ "{settings.architecture}"; }};', ""])


def without_credentials(text: str) -> str:
    """Return the text with user names and passwords removed from addresses."""
    return re.sub(r"//[^/\s@]+@", "//", text)
