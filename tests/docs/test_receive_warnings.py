"""How to receive warnings, typed."""

import pytest

from tests.docs.typed import Shell, commands


@pytest.mark.slow
def test_every_way_of_receiving_a_warning_answers(shell: Shell) -> None:
    shell.type("make up", ".venv/bin/rencheng db upgrade")
    with shell.serving():
        key, *mqtt, stream, again, feed = commands("docs/how-to/receive-warnings.md")
        shell.type(key, *mqtt)
        printed = shell.type(key, stream, again, feed)

    assert printed.count("retry: 2000\nid: 0\n") == 2
    assert '<feed xmlns="http://www.w3.org/2005/Atom"' in printed
