"""What README tells a newcomer to type, typed."""

import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.ports import choose_port
from tests.checkouts import RENCHENG, Checkout, new_checkout

ROOT = Path(__file__).parent.parent.parent
READMES = ("README.md", "README.zh-CN.md")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with new_checkout(tmp_path) as checkout:
        yield checkout


def commands(readme: str) -> list[str]:
    """The indented lines of the section on publishing, without comments, continued lines joined."""
    text = (ROOT / readme).read_text(encoding="utf-8").replace("\\\n", "")
    section = re.split(r"^## ", text, flags=re.MULTILINE)[2]
    return [line.split("  #")[0].strip() for line in section.splitlines() if line.startswith("    ")]


def test_both_languages_tell_the_same_commands() -> None:
    english, chinese = (commands(readme) for readme in READMES)

    assert english == chinese
    assert len(english) == 8


@pytest.mark.slow
def test_a_message_published_by_hand_is_seen_through_the_api(checkout: Checkout) -> None:
    up, upgrade, add, serve, *publish, ask = commands("README.md")
    port = choose_port(seed="readme", avoid=())
    environment = checkout.environment | {"RENCHENG_API_PORT": str(port)}
    assert (up, serve) == ("make up", ".venv/bin/rencheng serve")
    checkout.rencheng("stack", "up", "--checkout", str(checkout.folder))
    run(upgrade, checkout, environment)
    password = re.findall(r"password +(\S+)", run(add, checkout, environment))[0]
    serving = subprocess.Popen([RENCHENG, "serve"], env=environment, cwd=checkout.folder)
    try:
        await_health(port)
        script = "\n".join([*publish, "sleep 1", ask]).replace(":8010", f":{port}")
        answer = json.loads(run(script, checkout, environment | {"PASSWORD": password}))
    finally:
        serving.send_signal(signal.SIGINT)

    assert "152" in json.dumps(answer)
    assert serving.wait(30) == 0


def run(script: str, checkout: Checkout, environment: dict[str, str]) -> str:
    command = ["bash", "-euo", "pipefail", "-c", script]
    ended = subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, script + ended.stdout + ended.stderr
    return ended.stdout


def await_health(port: int) -> None:
    """Wait until the API says that ingest is alive."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("the API did not come up")
