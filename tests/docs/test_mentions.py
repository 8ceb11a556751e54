"""Files, tests, settings and commands that the documents mention exist."""

import re
import subprocess

import pytest
from typer.main import get_command

from commands.main import app
from tests.docs.typed import ROOT

TRACKED = subprocess.run(
    ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
    check=True,
    capture_output=True,
    text=True,
).stdout.split()
EXEMPT = {"CHANGELOG.md", "docs/glossary.md", "device_sims/recordings/SOURCE.md"}
"""The first two name what is gone, the third names files of other projects."""
PLACEHOLDERS = {"migrations/versions/NNNN_name.py", "RENCHENG_STACK_BIN"}
"""A pattern, and a variable of stack.env that is no setting."""
DOCUMENTS = [name for name in TRACKED if name.endswith(".md") and name not in EXEMPT and (ROOT / name).exists()]
FOLDERS = sorted({name.split("/")[0] for name in TRACKED if "/" in name})

PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*[\w/-])[ `:]")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
TEST = re.compile(r"`(test_\w+)(…?)`")
SETTING = re.compile(r"RENCHENG_\w*[A-Z]\b")
COMMAND = re.compile(r"(?:^|[`/ ])(?:rencheng|admin) ((?:[a-z][a-z-]+ ?)+)")


def texts() -> dict[str, str]:
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}


def code() -> str:
    kinds = (".py", ".yml", ".sh", ".conf")
    files = [ROOT / name for name in TRACKED if name.endswith(kinds) or name in {"Makefile", ".gitignore"}]
    files += [ROOT / "deploy/compose/make-env"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())


def test_every_file_that_a_document_names_exists() -> None:
    named = {(document, path) for document, text in texts().items() for path in PATH.findall(text)}
    missing = {(document, path) for document, path in named if path not in PLACEHOLDERS and not (ROOT / path).exists()}

    assert missing == set()


def test_every_link_between_documents_leads_somewhere() -> None:
    links = {(document, link) for document, text in texts().items() for link in LINK.findall(text)}
    missing = {(document, link) for document, link in links if not (ROOT / document).parent.joinpath(link).exists()}

    assert missing == set()


def test_every_test_that_a_document_names_exists() -> None:
    known = set(re.findall(r"def (test_\w+)", code())) | {name.split("/")[-1] for name in TRACKED}
    named = {(document, *match) for document, text in texts().items() for match in TEST.findall(text)}
    missing = {
        (document, name)
        for document, name, more in named
        if not (any(test.startswith(name) for test in known) if more else {name, f"{name}.py"} & known)
    }

    assert missing == set()


def test_every_setting_that_a_document_names_exists() -> None:
    settings = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8") + code()
    named = {(document, name) for document, text in texts().items() for name in SETTING.findall(text)}

    assert {(document, name) for document, name in named if name not in settings and name not in PLACEHOLDERS} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_a_document_names_exists(document: str) -> None:
    missing = set()
    for words in COMMAND.findall((ROOT / document).read_text(encoding="utf-8")):
        command: object = get_command(app)
        for word in words.split():
            commands = getattr(command, "commands", None)
            if not commands:
                break
            if word not in commands:
                missing.add(words)
                break
            command = commands[word]

    assert missing == set()
