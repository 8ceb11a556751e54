"""Every command line of every document is run by a test: here, or by the test that a table names."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from commands.main import app
from tests.docs.typed import ROOT, Shell, commands
from tests.support.compose_file import read
from tests.support.rain_signals import cap

TYPED_ELSEWHERE = {
    "README.md": "test_readme.py",
    "README.zh-CN.md": "test_readme.py",
    "docs/tutorial.md": "test_tutorial.py",
    "docs/how-to/receive-warnings.md": "test_receive_warnings.py",
    "docs/how-to/keep-the-register.md": "test_register_and_mend.py",
    "docs/how-to/correct-and-replay.md": "test_register_and_mend.py",
}
"""Documents whose lines another test types, from the first to the last."""

BEFORE_SERVING = ("docs/how-to/keep-and-drop-data.md",)
"""Documents whose lines are typed while no service runs: of two job runners one waits."""

FIRST = ("docs/how-to/watch-places.md",)
"""Documents that make what later ones name."""

NOT_RUN: Mapping[str, str] = {
    "deploy/compose/make-env": "tests/deploy/test_compose.py runs it",
    "deploy/grafana/make_dashboards.py": "tests/deploy/test_grafana.py runs it",
    "docker compose up": "needs Docker; deploy/compose/check-stack runs it",
    "docker compose --file": "needs Docker; tests/deploy/test_metrics.py reads the files",
    "docker compose ps": "needs Docker",
    "docker compose logs": "needs Docker",
    "docker compose stop": "needs Docker",
    "docker compose restart": "needs Docker",
    "docker compose exec": "needs Docker",
    "rencheng fleet": "75,000 devices; tests/device_sims/fleet runs a small fleet",
    "python -m device_sims fleet": "75,000 devices; tests/device_sims/fleet runs a small fleet",
    "rencheng backtest": "needs recordings; tests/backtest/test_command.py and test_stored.py run it",
    "git pull": "needs a newer release; tests/ingest/test_upgrade.py upgrades a database under load",
    "rencheng db backup": "tests/store/backup runs it",
    "rencheng db restore": "needs an empty database; tests/store/backup runs it",
    "rencheng drill": "takes some minutes; tests/device_sims/test_drill.py runs a short one",
    "make drill": "takes some minutes; tests/device_sims/test_drill.py runs a short one",
    "rencheng plan approve": "asks for the key of a person; tests/commands/test_audit.py runs it",
    "rencheng report event": "needs a warning; tests/commands/test_audit.py runs it",
    "rencheng response declare": "asks for the key of a person; tests/commands/test_audit.py runs it",
    "rencheng task report": "needs a warning; tests/commands/test_audit.py runs it",
    "rencheng task evidence": "needs a warning; tests/commands/test_audit.py runs it",
    "rencheng task check": "needs a warning; tests/commands/test_audit.py runs it",
    '{"type":"receipt"': "what a device receives",
    '{"type":"command"': "what a device receives",
    '{"type":"reply"': "what a device sends",
    '{"type":"state"': "what a device sends",
    '"rejected":': "what a device receives",
}
"""The beginning of a line that no test types, and why. The names in it are checked all the same."""

ADMIN = "docker compose run --rm admin "
OURS = re.compile(r"^(?:\.venv/bin/)?rencheng ")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
SERVICES = read()["services"]


def documents() -> list[str]:
    listed = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "README*.md", "docs"]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()
    return [name for name in names if name.endswith(".md") and (ROOT / name).exists()]


def lines_of(document: str, folder: Path) -> list[str]:
    """Return the indented lines outside fences, and those of `console` fences."""
    text = (ROOT / document).read_text(encoding="utf-8")
    shown = FENCE.sub(lambda match: _indented(match[2]) if match[1] == "console" else "", text)
    copy = folder / "document.md"
    copy.write_text(shown, encoding="utf-8")
    return [line.strip() for line in commands(str(copy)) if line.strip()]


def _indented(block: str) -> str:
    return "".join(f"    {line}\n" for line in block.splitlines())


def is_run(line: str) -> bool:
    return not any(OURS.sub("rencheng ", line).startswith(beginning) for beginning in NOT_RUN)


def check_names(line: str) -> None:
    """Check the options of our own commands, and the services and files that a line for Docker names."""
    if OURS.match(line):
        words = shlex.split(OURS.sub("", line))
        command: Any = get_command(app)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        command.make_parser(command.context_class(command)).parse_args(words)
    if found := re.match(r"docker compose (?:logs|restart|exec) (?:-\S+ )*(\S+)", line):
        assert found[1] in SERVICES, line
    for file in re.findall(r"--file (\S+)", line) if line.startswith("docker compose") else ():
        assert (ROOT / file).exists(), line


@pytest.mark.parametrize("document", documents())
def test_every_line_is_typed_by_a_test_or_has_a_reason(document: str, tmp_path: Path) -> None:
    if document in TYPED_ELSEWHERE:
        by = (ROOT / "tests/docs" / TYPED_ELSEWHERE[document]).read_text(encoding="utf-8")
        assert document in by
        return
    for line in lines_of(document, tmp_path):
        if not is_run(line):
            check_names(line)


@pytest.mark.parametrize("file", [*documents(), "docker-compose.yml", "deploy/compose/make-env"])
def test_the_commands_of_admin_that_a_text_names_exist(file: str) -> None:
    """Within a sentence, where `...` may stand for more."""
    for words in re.findall(rf"`{ADMIN}([^`]+)`", (ROOT / file).read_text(encoding="utf-8")):
        check_names(f"rencheng {words}")


def test_no_exception_is_left_over(tmp_path: Path) -> None:
    lines = [OURS.sub("rencheng ", line) for document in documents() for line in lines_of(document, tmp_path)]
    assert [beginning for beginning in NOT_RUN if not any(line.startswith(beginning) for line in lines)] == []


class Typist:
    """Types lines in a checkout: our own commands in this process, because each start of Python takes a second."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def type(self, document: str, folder: Path) -> None:
        for line in filter(is_run, lines_of(document, folder)):
            self._type(line)

    def _type(self, line: str) -> None:
        if assigned := re.fullmatch(r"(\w+)=\$\((.*)\)", line):
            self._shell.environment[assigned[1]] = self._output(assigned[2]).strip()
        else:
            self._output(line)

    def _output(self, line: str) -> str:
        if OURS.match(line) and " stack " not in line:
            ended = CliRunner().invoke(app, shlex.split(OURS.sub("", line)))
            assert ended.exit_code == 0, f"{line}: {ended.output} {ended.exception!r}"
            return ended.stdout
        if " stack " in line:  # the default is the folder of the program, which a test's checkout has by a link
            line += f" --checkout {self._shell.checkout.folder}"
        if line.startswith(ADMIN):
            return self._admin(line.removeprefix(ADMIN))
        if line.startswith("mosquitto_pub -h 127.0.0.1"):  # Debian's, with the port of compose
            own = "$RENCHENG_STACK_BIN/mosquitto_pub -h 127.0.0.1 -p ${RENCHENG_MQTT_URL##*:}"
            line = line.replace("mosquitto_pub -h 127.0.0.1", own)
            return self._shell.type(". .rencheng/stack.env", "sleep 4", line)
        return self._shell.type(line)

    def _admin(self, words: str) -> str:
        """Run a command as the container does."""
        settings = dict(
            line.split("=", 1)
            for line in (self._shell.checkout.folder / ".rencheng/stack.env").read_text(encoding="utf-8").splitlines()
            if "=" in line and not line.startswith("#")
        )
        command = [sys.executable, str(ROOT / "deploy/compose/admin.py"), *shlex.split(words)]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | settings
        ended = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
        assert ended.returncode == 0, words + ended.stdout + ended.stderr
        if password := re.search(r"password +(\S+)", ended.stdout):
            self._shell.environment["PASSWORD"] = password[1]
        if key := re.search(r"rck_\S+", ended.stdout):
            self._shell.environment["KEY"] = key[0]
        return ended.stdout


@pytest.fixture
def typist(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Typist:
    shell.type("make up", ".venv/bin/rencheng db upgrade")
    for name in [name for name in os.environ if name.startswith("RENCHENG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RENCHENG_CHECKOUT", str(shell.checkout.folder))
    monkeypatch.chdir(shell.checkout.folder)
    (shell.checkout.folder / "signal.xml").write_text(cap(), encoding="utf-8")
    return Typist(shell)


@pytest.mark.slow
@pytest.mark.timeout(300)  # servers, all services and thirty commands
def test_the_lines_of_all_other_documents_can_be_typed(typist: Typist, shell: Shell, tmp_path: Path) -> None:
    others = [name for name in documents() if name not in TYPED_ELSEWHERE and lines_of(name, tmp_path)]
    for document in BEFORE_SERVING:
        typist.type(document, tmp_path)
    with shell.serving():
        CliRunner().invoke(app, shlex.split("device add rain-2 --kind waterlogging --region 370102"))
        for document in sorted(set(others) - set(BEFORE_SERVING), key=lambda name: (name not in FIRST, name)):
            typist.type(document, tmp_path)
