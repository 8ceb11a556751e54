"""Compose's `admin` offers the commands of `rencheng` that need the servers only, from one list."""

import subprocess
import sys

from typer.main import get_command

from commands.main import app
from commands.platform import COMMANDS, GROUPS
from tests.support.compose_file import ROOT

OWN = {"stack", "db", "fleet", "serve", "demo", "drill", "backtest", "learn", "reference"}
"""Commands of a checkout: they start servers, simulate devices, train models, write documents."""


def test_what_is_no_command_of_a_checkout_is_a_command_of_admin() -> None:
    offered = {*GROUPS, *(command.__name__ for command in COMMANDS)}
    assert set(get_command(app).commands) == OWN | offered  # type: ignore[attr-defined]


def test_admin_offers_the_whole_list() -> None:
    admin = [sys.executable, str(ROOT / "deploy/compose/admin.py"), "--help"]
    printed = subprocess.run(admin, check=True, capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert [name for name in (*GROUPS, "writers", "doctor") if name not in printed.stdout] == []
