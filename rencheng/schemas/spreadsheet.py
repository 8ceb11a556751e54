"""Read a table from a CSV file as spreadsheets write it: encodings, separators, rows and columns without content."""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rencheng.domain.errors import NotPossible

_SEPARATORS = ",;\t，；|"
_SEPARATOR_LINE = re.compile(r"\A\ufeff?sep=(.)\r?\n?", re.IGNORECASE)
"""The first line by which Excel is told the separator."""

_BLANKS = " \t\r\n\u00a0\u3000\u200b\ufeff"
_BEHIND_QUOTE = re.compile(r'"[ \u00a0\u3000]+(?=[,;\t，；|\r\n]|\Z)')

SHORTENED_NUMBER = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+", re.IGNORECASE)
"""A long number as spreadsheets display it. Its digits are lost."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row with content: its line in the file, its cells by column, and what is wrong with its length."""

    line: int
    cells: dict[str, str]
    finding: str = ""


class SpreadsheetTable:
    """A table with named columns.

    Args:
        data: the file: UTF-8, UTF-16 with a byte order mark, or GB 18030, which spreadsheets in China write.
        name: of the file, for errors.
        known: the columns that the caller knows; the separator is the one by which most of them are found.
        lines_max: the most lines.

    Raises:
        NotPossible: the file is no text.
    """

    def __init__(self, data: bytes, name: str, *, known: Collection[str], lines_max: int) -> None:
        self._name = name
        self._lines_max = lines_max
        text = _decoded(data, name)
        if given := _SEPARATOR_LINE.match(text):
            text, separator, self._skipped = text[given.end() :], given[1], 1
        else:
            separator, self._skipped = _separator(text, known), 0
        self._rows = _rows(text, separator)
        self._columns: list[str] = []

    def columns(self) -> Sequence[str]:
        """Return the names of the first row with content, in lower case; a column without a name is empty.

        Raises:
            NotPossible: the row is not CSV.
        """
        for _, cells in self._read():
            self._columns = [_as_name(cell) for cell in cells]
            while self._columns and not self._columns[-1]:
                self._columns.pop()
            break
        return self._columns

    def rows(self, required: Collection[str]) -> Iterator[TableRow]:
        """Yield the rows behind the names that have content. Empty cells are left out.

        Args:
            required: the columns of which a row that is too short may lack none.

        Raises:
            NotPossible: a row is not CSV, or there are too many.
        """
        for line, cells in self._read():
            named = zip(self._columns, cells, strict=False)
            found = {column: cell for column, cell in named if column and cell}
            nameless = [cell for column, cell in zip(self._columns, cells, strict=False) if not column and cell]
            finding = ""
            if any(cells[len(self._columns) :]):
                finding = "more cells than columns"
            elif nameless:
                finding = f"{nameless[0]!r} is in a column without a name"
            elif set(self._columns[len(cells) :]) & set(required):
                finding = "fewer cells than columns"
            yield TableRow(line, found, finding)

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line and the cells of each row with content, without blanks around the cells."""
        try:
            for line, row in self._rows:
                cells = [cell.strip(_BLANKS) for cell in row]
                if line > self._lines_max:
                    raise NotPossible(f"{self._name} has more than {self._lines_max:,} lines")
                if any(cells):
                    yield line + self._skipped, cells
        except _NotCsv as error:
            raise NotPossible(f"{self._name}, line {error.line + self._skipped}: {error}") from None


class _NotCsv(ValueError):
    def __init__(self, line: int, error: csv.Error) -> None:
        super().__init__(str(error))
        self.line = line


def _decoded(data: bytes, name: str) -> str:
    encodings = ("utf-16",) if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotPossible(f"{name} is neither UTF-8 nor GB 18030 text")


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_lines(text), delimiter=separator, skipinitialspace=separator != "\t", strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _NotCsv(max(reader.line_num, 1), error) from None
        yield reader.line_num, row


def _lines(text: str) -> Iterator[str]:
    """Yield the lines, without blanks between a closing quotation mark and the separator."""
    for line in io.StringIO(text, newline=""):
        yield _BEHIND_QUOTE.sub('"', line) if '" ' in line or '"\u00a0' in line or '"\u3000' in line else line


def _separator(text: str, known: Collection[str]) -> str:
    """Return the separator by which most known names are found in the first line with content."""
    head = next((line for line in io.StringIO(text, newline="") if line.strip(_BLANKS + _SEPARATORS)), "")
    return max(_SEPARATORS, key=lambda one: sum(_as_name(name) in known for name in head.split(one)))


def _as_name(cell: str) -> str:
    """Return a column's name in the form of the fields: `Device ID` is `device_id`."""
    plain = unicodedata.normalize("NFKC", cell).strip(_BLANKS + "\"'").lower()
    return re.sub(r"[\s\-]+", "_", plain)
