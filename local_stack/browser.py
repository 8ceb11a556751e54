"""Chromium for the tests of the status page: downloaded and unpacked once, like the servers' programs."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local_stack.apt_settings import WANTED, architecture, check_tools
from local_stack.errors import StackError
from local_stack.locks import hold_lock
from local_stack.paths import SharedHome, home_folder, make_shared_folder, open_home
from local_stack.programs import unpack_packages
from local_stack.progress import ProgressReporter

PACKAGES = ("chromium-headless-shell",)
RECIPE = 1
"""Count up when unpacking changes, so that everybody gets a new folder."""


@dataclass(frozen=True)
class Browser:
    """An unpacked Chromium without a window, on its own C library."""

    root: Path

    @property
    def executable(self) -> Path:
        """The program."""
        return self.root / "usr/lib/chromium/chromium-headless-shell"

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of the program. Nothing of this machine's libraries or settings is in it."""
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "FONTCONFIG_PATH": str(self.root / "etc/fonts"),
        }


def ensure_browser(report: ProgressReporter, *, home: SharedHome | None = None) -> Browser:
    """Return the browser, downloaded and unpacked if necessary. It can be killed at any point and repeated."""
    home = home or open_home(home_folder())
    check_tools()
    recipe = repr((RECIPE, PACKAGES, WANTED, architecture()))
    name = f"browser-{WANTED}-{architecture()}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    browser = Browser(root=home.programs / name)
    if browser.root.is_dir():
        return browser
    make_shared_folder(home.programs)
    waiting_for = "another download of programs"
    with hold_lock(home.lock_file, waiting_for=waiting_for, report=report) as lock:
        if not browser.root.is_dir():
            report.print_line(f"downloading Chromium into {home.folder} (once; about 175 MB)")
            fresh = unpack_packages(PACKAGES, browser.root, home=home, lock=lock, report=report)
            os.sync()  # after a power cut, a folder that is there must hold what was written to it
            fresh.rename(browser.root)
            _check_that_it_runs(browser)
    return browser


def _check_that_it_runs(browser: Browser) -> None:
    command = [str(browser.executable), "--version"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=browser.environment)
    if ended.returncode != 0:
        raise StackError(
            f"The unpacked Chromium does not run: {(ended.stderr or ended.stdout).strip()[-500:]}",
            remedy=f"Delete {browser.root}, and run the same command again.",
        )
