"""Mending and replaying, typed."""

import pytest

from tests.docs.typed import Shell, commands


@pytest.mark.slow
def test_what_the_page_tells_to_type_can_be_typed(shell: Shell) -> None:
    shell.type("make up", ".venv/bin/rencheng db upgrade")
    printed = shell.type(*commands("docs/how-to/mend-and-replay.md"))

    assert "unknown_device\n  设备未登记。" in printed
    assert "0 of 0 entries replayed" in printed
