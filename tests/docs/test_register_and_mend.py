"""The pages on the register and on quarantine, typed in one checkout: the second tells what to do in the first."""

import os
import shlex

import pytest
from typer.testing import CliRunner

from commands.main import app
from tests.docs.typed import Shell, commands

OURS = ".venv/bin/rencheng "


def typed(shell: Shell, document: str) -> str:
    """What a page's commands print. Ours run in this process: fifteen starts of Python would take longer than they."""
    printed = []
    for line in commands(document):
        if line.startswith(OURS):
            ended = CliRunner().invoke(app, shlex.split(line.removeprefix(OURS)))
            assert ended.exit_code == 0, f"{line}: {ended.output} {ended.exception!r}"
            printed.append(ended.output)
        else:
            printed.append(shell.type(line))
    return "".join(printed)


def test_what_the_pages_on_devices_and_quarantine_tell_to_type_can_be_typed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.type("make up", ".venv/bin/rencheng db upgrade")
    for name in [name for name in os.environ if name.startswith("RENCHENG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RENCHENG_CHECKOUT", str(shell.checkout.folder))
    monkeypatch.chdir(shell.checkout.folder)
    registered = typed(shell, "docs/how-to/keep-the-register.md")
    mended = typed(shell, "docs/how-to/correct-and-replay.md")
    passwords = shell.checkout.folder / "passwords.csv"

    assert "chargers.csv: 2 new, 0 changed, 0 unchanged; check only, nothing was changed" in registered
    assert "place held by      gauge-7 → gauge-7b" in registered
    assert passwords.stat().st_mode & 0o777 == 0o600
    assert len(passwords.read_text(encoding="utf-8").splitlines()) == 3
    assert "unknown_device\n  设备未登记。" in mended
    assert "0 of 0 entries replayed" in mended
