"""Text files that are named on the command line, with error messages that name the file."""

import codecs
import gzip
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rencheng.domain.errors import NotPossible

_LOOK_BYTES = 2**20
"""The beginning of a file that shows its encoding."""


@contextmanager
def opened_text(path: Path) -> Iterator[TextIO]:
    """Open a text file, decompressed if its name ends in .gz.

    The encoding is UTF-8, UTF-16 with a byte order mark, or GB 18030, which spreadsheets in China write.

    Raises:
        NotPossible: the file cannot be read, or is not text.
    """
    try:
        unpack = gzip.open if path.suffix == ".gz" else open
        with unpack(path, "rb") as packed:
            encoding = _encoding_of(packed.read(_LOOK_BYTES))
        with unpack(path, "rt", encoding=encoding, newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise NotPossible(f"{path} is not UTF-8 text: {error.reason} at byte {error.start:,}") from None
    except UnicodeError as error:
        raise NotPossible(f"{path} is not text: {error}") from None
    except (OSError, EOFError) as error:
        raise NotPossible(f"{path} cannot be read: {error}") from None


def _encoding_of(beginning: bytes) -> str:
    """Return the encoding of a file by its beginning. A character that is cut off at its end does not matter."""
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(beginning)
        except UnicodeDecodeError:
            continue
        return encoding
    return "utf-8-sig"


def whole_text(path: Path) -> str:
    """Return the content of a text file."""
    with opened_text(path) as file:
        return file.read()


def write_lines(out: Path, lines: Iterable[str]) -> int:
    """Write lines to a file. Return how many there were."""
    written = 0
    try:
        with out.open("w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(line + "\n")
                written += 1
    except OSError as error:
        raise NotPossible(f"{out} cannot be written: {error.strerror}") from None
    return written


def note(text: str) -> None:
    """Print a line to stderr, so that stdout holds the result alone."""
    sys.stderr.write(f"{text}\n")
