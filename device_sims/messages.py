"""Divide readings into messages within the limits of a message."""

from collections.abc import Iterator, Sequence

from rencheng.codecs.base import Codec
from rencheng.codecs.items import PAYLOAD_BYTES_MAX, READINGS_MAX
from rencheng.domain.reading import Reading


def split_into_messages(codec: Codec, readings: Sequence[Reading]) -> Iterator[tuple[bytes, int]]:
    """Yield payloads within both limits, in readings and bytes, each with its number of readings.

    A single reading is never divided.
    """
    for first in range(0, len(readings), READINGS_MAX):
        part = readings[first : first + READINGS_MAX]
        payload = codec.encode(part)
        if len(payload) <= PAYLOAD_BYTES_MAX or len(part) == 1:
            yield payload, len(part)
        else:
            half = len(part) // 2
            yield from split_into_messages(codec, part[:half])
            yield from split_into_messages(codec, part[half:])
