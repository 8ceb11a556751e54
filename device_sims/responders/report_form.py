"""Read the page at which a person reports about tasks: which tasks are open, and which evidence they need."""

import io
import re
from dataclasses import dataclass

from PIL import Image

EVIDENCE = {
    "photo": "photo",
    "depth": "depth",
    "note": "note",
    "call": "call",
    "state of the device": "state",
}
"""The English names on the page, and the values of their buttons."""

_SECTION = re.compile(r"<section>(.*?)</section>", re.DOTALL)
_NUMBER = re.compile(r'name="task" value="(\d+)"')
_MOVES = {"已接受": "arrive", "已到岗": "finish"}
"""The next move by the state on the page; `accept` in every other state."""

_NEEDED = re.compile(r"still needed: ([^<]*)</p>")


@dataclass(frozen=True, slots=True)
class TaskOnPage:
    """A task that is not done.

    Attributes:
        next_move: the next move of the person who does it: `accept`, `arrive` or `finish`.
        missing: the evidence that is missing.
    """

    number: str
    next_move: str
    missing: tuple[str, ...]


def tasks_on(page: str) -> list[TaskOnPage]:
    """Return the tasks on a page that are not done."""
    found = []
    for section in _SECTION.findall(page):
        number = _NUMBER.search(section)
        if number is None or "done, to be checked" in section:
            continue
        needed = _NEEDED.search(section)
        names = needed.group(1) if needed else ""
        missing = tuple(value for name, value in EVIDENCE.items() if re.search(rf"\b{name}\b", names))
        move = next((move for state, move in _MOVES.items() if state in section), "accept")
        found.append(TaskOnPage(number.group(1), move, missing))
    return found


def photo(color: tuple[int, int, int]) -> bytes:
    """Return a photo of one color, so that each person's photos differ."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(out, "JPEG")
    return out.getvalue()
