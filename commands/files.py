"""Text files that a person named: read and written with errors that a person understands."""

import gzip
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rencheng.domain.errors import NotPossible


@contextmanager
def opened_text(path: Path) -> Iterator[TextIO]:
    """A text file, unpacked on the way if its name ends in .gz."""
    try:
        unpack = gzip.open if path.suffix == ".gz" else open
        with unpack(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise NotPossible(f"{path} is not UTF-8 text: {error.reason} at byte {error.start:,}") from None
    except (OSError, EOFError) as error:
        raise NotPossible(f"{path} cannot be read: {error}") from None


def whole_text(path: Path) -> str:
    """All of a text file."""
    with opened_text(path) as file:
        return file.read()


def write_lines(out: Path, lines: Iterable[str]) -> int:
    """How many lines were written."""
    said = 0
    try:
        with out.open("w", encoding="utf-8", newline="\n") as file:
            for said, line in enumerate(lines, 1):  # noqa: B007 - the last number is the answer
                file.write(line + "\n")
    except OSError as error:
        raise NotPossible(f"{out} cannot be written: {error.strerror}") from None
    return said


def note(text: str) -> None:
    """A word to the person, beside the answer."""
    sys.stderr.write(f"{text}\n")
