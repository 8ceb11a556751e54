"""What README tells a newcomer to type, typed."""

import json
import re

import pytest

from tests.docs.typed import SERVE, Shell, commands

PUBLISH = 2
"""Which section of README is about publishing."""


def test_both_languages_tell_the_same_commands() -> None:
    english, chinese = commands("README.md"), commands("README.zh-CN.md")

    assert [line for line in english if "published" not in line] == [
        line for line in chinese if "published" not in line
    ]
    assert len(commands("README.md", PUBLISH)) == 8


@pytest.mark.slow
def test_a_message_published_from_a_shell_is_seen_through_the_api_within_a_second(shell: Shell) -> None:
    up, upgrade, add, serve, *publish, ask = commands("README.md", PUBLISH)
    shell.type(up, upgrade)
    shell.environment["PASSWORD"] = re.findall(r"password +(\S+)", shell.type(add))[0]
    with shell.serving():
        answer = json.loads(shell.type(*publish, "sleep 1", ask))

    assert serve == SERVE
    assert "152" in json.dumps(answer)
