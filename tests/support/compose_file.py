"""Reads docker-compose.yml, written in the part of YAML that it uses: block mappings and lists, anchors, merges.

There is no YAML library among the requirements, and Docker's own reader is not everywhere. Where it is,
`test_docker_reads_the_same` compares the two.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent

_KEY = re.compile(r"(?P<key>[\w.<-]+):(?:\s+(?P<value>.*))?$")
_COMMENT = re.compile(r"\s+#.*$")


@dataclass
class _Lines:
    """What is left to read, as (indent, text); and the anchors so far."""

    lines: list[tuple[int, str]]
    anchors: dict[str, Any] = field(default_factory=dict)

    @property
    def indent(self) -> int:
        return self.lines[0][0] if self.lines else -1


def read(path: Path = ROOT / "docker-compose.yml") -> Any:
    """The file as dicts, lists and strings; variables as they are written."""
    rows = (_COMMENT.sub("", line) for line in path.read_text(encoding="utf-8").splitlines())
    kept = [(len(row) - len(row.lstrip()), row.strip()) for row in rows if row.strip() and row.strip()[0] != "#"]
    return _block(_Lines(kept))


def variables(node: Any) -> dict[str, str | None]:
    """Every ${VARIABLE} below a node with its default: None where there is none."""
    found: dict[str, str | None] = {}
    for name, mark, rest in re.findall(r"\$\{(\w+)(:-|:\?)?([^}]*)\}", repr(node)):
        found[name] = rest if mark == ":-" else found.get(name)
    return found


def _block(lines: _Lines) -> Any:
    return _list(lines) if lines.lines[0][1].startswith("- ") else _mapping(lines)


def _list(lines: _Lines) -> list[Any]:
    indent, items = lines.indent, []
    while lines.indent == indent and lines.lines[0][1].startswith("- "):
        items.append(_scalar(lines.lines.pop(0)[1][2:], lines))
    return items


def _mapping(lines: _Lines) -> dict[str, Any]:
    indent = lines.indent
    own: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    while lines.indent == indent:
        match = _KEY.match(lines.lines.pop(0)[1])
        assert match, "a line that is no key: teach this reader, or write it more plainly"
        value = _value(match["value"] or "", lines, indent)
        if match["key"] == "<<":
            for part in value if isinstance(value, list) else [value]:
                merged |= part
        else:
            own[match["key"]] = value
    return merged | own


def _value(text: str, lines: _Lines, indent: int) -> Any:
    anchor = re.match(r"&(\S+)\s*", text)
    text = text[anchor.end() :] if anchor else text
    value = _block(lines) if not text and lines.indent > indent else _scalar(text, lines)
    if anchor:
        lines.anchors[anchor[1]] = value
    return value


def _scalar(text: str, lines: _Lines) -> Any:
    if text.startswith("*"):
        return lines.anchors[text[1:]]
    if text.startswith("[") and text.endswith("]"):
        parts = re.findall(r'"[^"]*"|[^,\s][^,]*', text[1:-1])
        return [_scalar(part.strip(), lines) for part in parts]
    return text[1:-1] if text.startswith('"') and text.endswith('"') else text or None
