"""The tutorial, typed from its first line to its last."""

import re

import pytest

from tests.docs.typed import SERVE, Shell, commands


@pytest.mark.slow
def test_the_tutorial_ends_with_a_received_warning(shell: Shell) -> None:
    lines = commands("docs/tutorial.md")
    before, after = lines[: lines.index(SERVE)], lines[lines.index(SERVE) + 1 :]
    shell.environment["PASSWORD"] = re.findall(r"password +(\S+)", shell.type(*before))[0]
    shell.environment["PAUSE"] = "1.2"
    with shell.serving():
        printed = shell.type(*after[:-1])
    shell.type(after[-1])

    assert '"level":"red"' in printed.replace(" ", "")
    assert "urn:oasis:names:tc:emergency:cap:1.2" in printed
    assert "undecodable" in printed or "invalid" in printed
