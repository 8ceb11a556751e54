"""CBOR (RFC 8949) into plain values, within bounds: what a hostile device could send must not cost us anything."""

from io import BytesIO
from typing import Any, NoReturn

from cbor2 import CBORDecodeError, CBORDecoder, CBORTag

from rencheng.domain.errors import Rejected, RejectionReason

DEPTH_MAX = 8
"""A message is an array of maps of values. Deeper nesting is nonsense, and deep enough it is an attack."""

_UNWANTED_TAGS = (2, 3, 5, 25, 28, 29, 30, 35, 36, 37, 43000, 52, 54, 100, 256, 258, 260, 261, 1004, 55799)
"""What the library would build for us: big integers and rationals, references in circles, expressions, addresses."""


def read_cbor(payload: bytes, *, text_keys: bool) -> Any:  # noqa: ANN401 - whatever CBOR may hold
    """The value that a payload holds: one data item, with tags 0, 1 and 4 (times, decimal fractions) at most.

    With `text_keys` a map's keys are texts; otherwise integers too (SenML).

    Raises:
        Refused: with reason `undecodable`.
    """
    stream = BytesIO(payload)
    decoder = CBORDecoder(
        stream,
        tag_hook=_refuse_tag,
        semantic_decoders=dict.fromkeys(_UNWANTED_TAGS, _refuse_known_tag),
        max_depth=DEPTH_MAX,
        allow_duplicate_keys=False,
        strict_hashable_types=text_keys,
    )
    try:
        value = decoder.decode()
    except (CBORDecodeError, ValueError, ArithmeticError) as error:
        raise Rejected(RejectionReason.UNDECODABLE, f"not CBOR that we read: {error}") from None
    if stream.tell() != len(payload):
        raise Rejected(
            RejectionReason.UNDECODABLE, f"{len(payload) - stream.tell()} bytes after the end of the CBOR data item"
        )
    return value


def _refuse_tag(tag: CBORTag, *_rest: object) -> NoReturn:
    raise ValueError(f"tag {tag} has no place in a reading")


def _refuse_known_tag(*_anything: object) -> NoReturn:
    raise ValueError("only tags 0 and 1 (times) and 4 (decimal fractions) have a place in a reading")
