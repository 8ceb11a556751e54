"""Hexadecimal text, as people and test programs print frames: with white space, separators and prefixes."""

import re

from rencheng.codecs.items import READINGS_MAX
from rencheng.codecs.parts import UnreadablePart
from rencheng.codecs.sl651.parts import START, damaged

_START_TEXT = START.hex().upper()
_BETWEEN = re.compile(r"0[xX]|\\[xX]|[\s\0\ufeff:;,_\-hH\"']")
"""0x and \\x before a byte, H behind it, and what stands between bytes. None of these is a hexadecimal digit."""
_FRAMES = re.compile(f"(?={_START_TEXT})")


def read_segments(payload: bytes) -> list[bytes | UnreadablePart]:
    """Return the bytes of a payload: it is bytes, or hexadecimal text.

    Text with a character too many or too few is divided into frames, so that the damage concerns one of them.
    """
    if payload.startswith(START):
        return [payload]
    digits = _BETWEEN.sub("", payload.decode("utf-8", "replace")).upper()
    if not digits.startswith(_START_TEXT):
        return [payload]
    try:
        return [bytes.fromhex(digits)]
    except ValueError:
        return [_segment(frame) for frame in _FRAMES.split(digits, maxsplit=READINGS_MAX) if frame]


def _segment(digits: str) -> bytes | UnreadablePart:
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        return damaged(f"invalid hexadecimal text: {error}")
