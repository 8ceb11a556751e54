import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_stack.paths import SharedHome, open_home
from local_stack.programs import Programs, ensure, installed
from local_stack.progress import SilentProgress

FETCH = """
import sys
from pathlib import Path
from local_stack.paths import open_home
from local_stack.programs import ensure
from local_stack.progress import SilentProgress
ensure(SilentProgress(), home=open_home(Path(sys.argv[1])))
"""


def begin_and_kill_midway(home: SharedHome) -> list[Path]:
    """Kill a first download, and apt below it, when some packages have come. Returns those."""
    archives = home.apt / "archives"
    fetching = subprocess.Popen([sys.executable, "-c", FETCH, str(home.folder)], start_new_session=True)
    try:
        while len(list(archives.glob("*.deb"))) < 5:
            assert fetching.poll() is None
            time.sleep(0.002)
    finally:
        os.killpg(fetching.pid, signal.SIGKILL)
        fetching.wait()
    return list(archives.glob("*.deb"))


@pytest.mark.slow
def test_an_interrupted_download_goes_on_where_it_was(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    kept, damaged, *_ = begin_and_kill_midway(home)
    assert not installed(home).root.exists()
    before = kept.stat()
    size = damaged.stat().st_size
    damaged.write_bytes(bytes(size))  # the right size, the wrong content: a power cut leaves such files
    leftover = installed(home).root.with_suffix(".partial")
    (leftover / "usr").mkdir(parents=True)

    programs = ensure(SilentProgress(), home=home)

    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not leftover.exists()
    for program in (programs.psql, programs.bin / "postgres", programs.bin / "mosquitto_sub"):
        ended = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
        assert "version" in ended.stdout or "PostgreSQL" in ended.stdout
    shutil.rmtree(home.folder)


def test_what_is_there_is_not_fetched_again(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("fetched again")

    monkeypatch.setattr("local_stack.apt.fetch", fail)
    assert ensure(SilentProgress()) == programs
