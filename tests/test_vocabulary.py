"""The glossary in reverse: a class name is defined once, and words that were given up do not come back."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.test_tidy import CODE, FILES, ROOT, name

GLOSSARY = ROOT / "docs" / "glossary.md"
API_MODELS = ("services/api/routes/", "services/api/http/")
"""Models of the API may bear the names of the domain: they are its outer form."""

EXEMPT = (
    "migrations/versions/",  # applied migrations keep the words of their time
    "CHANGELOG.md",
    "CONTRIBUTING.md",  # the examples show what not to write
    "LICENSE",
    "docs/glossary.md",
    "requirements/",
    "rencheng/engine/kept_record.py",  # reads records of the former form
    "tests/engine/test_kept_record.py",
    "tests/migrations/",
    "tests/test_vocabulary.py",
)

SUFFIXES = {".py", ".md", ".sql", ".yml", ".sh", ".conf", ".toml", ".js", ".ts", ".css", ".html"}

ORDINARY = {
    *("lie", "lies", "lied", "told", "said", "heard", "spoken", "hand", "slot", "slots", "ticket", "express", "dress"),
    *(
        "succeed",
        "dismiss",
        "ear",
        "seat",
        "door",
        "book",
        "room",
        "blind",
        "sign",
        "signs",
        "orders",
        "around",
        "unnamed",
    ),
}
"""Ordinary English outside a name; given up as a part of one."""

PROPER = {"share", "floor", "page", "sign", "succeed"}
"""Given up for one thing alone, and a proper name of others: no test can tell."""

STANDARD_NAMES = re.compile("slots|blind_?zone|rain_?outlook", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""The parts of an identifier in snake or camel case, and the words of a text."""


def given_up() -> dict[str, str]:
    """Return each given-up word with its replacement, from the glossary's second table."""
    table = GLOSSARY.read_text(encoding="utf-8").split("## Words that were given up", 1)[1]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines() if line.startswith("|")][2:]
    return {word: better for words, better in rows for word in re.sub(r"\(.*?\)", "", words).replace(",", " ").split()}


def names_in(file: Path) -> Iterator[str]:
    """Yield every identifier of a Python file."""
    for token in tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            yield token.string


def used_words() -> dict[str, set[str]]:
    """Return every word in use, with the files that use it: ordinary words where they are a part of a name."""
    used: dict[str, set[str]] = defaultdict(set)
    for file in FILES:
        if file.suffix not in SUFFIXES or file.name == "SOURCE.md" or name(file).startswith(EXEMPT):
            continue
        text = STANDARD_NAMES.sub("", file.read_text(encoding="utf-8"))
        for word in {word.lower() for word in _WORDS.findall(text)} - ORDINARY:
            used[word].add(name(file))
        if file.suffix == ".py":
            parts = (part for one in set(names_in(file)) for part in _WORDS.findall(STANDARD_NAMES.sub("", one)))
            for word in {part.lower() for part in parts} & ORDINARY:
                used[word].add(name(file))
    return used


def test_a_class_name_is_defined_once() -> None:
    defined: dict[str, list[str]] = defaultdict(list)
    for file in CODE:
        where = name(file)
        if where.startswith(("tests/", *API_MODELS)):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                defined[node.name].append(where)

    assert {one: files for one, files in defined.items() if len(files) > 1} == {}, "one word for one thing: rename one"


def test_a_model_of_the_api_bears_a_name_of_its_own() -> None:
    defined: dict[str, list[str]] = defaultdict(list)
    for file in CODE:
        if name(file).startswith(API_MODELS):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    defined[node.name].append(name(file))

    assert {one: files for one, files in defined.items() if len(files) > 1} == {}


def test_a_word_that_was_given_up_does_not_come_back() -> None:
    used = used_words()
    back = {word: sorted(used[word]) for word in given_up() if word not in PROPER and word in used}

    assert back == {}, "docs/glossary.md has the word to use instead"
