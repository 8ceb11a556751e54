"""Decode CBOR (RFC 8949) to plain values within bounds, so that a hostile payload costs no more than a good one."""

from io import BytesIO
from typing import Any, NoReturn

from cbor2 import CBORDecodeError, CBORDecoder, CBORTag

from rencheng.domain.errors import Rejected, RejectionReason

DEPTH_MAX = 8
"""A message is an array of maps of values. Deeper nesting is an error or an attack."""

_UNWANTED_TAGS = (2, 3, 5, 25, 28, 29, 30, 35, 36, 37, 43000, 52, 54, 100, 256, 258, 260, 261, 1004)
"""Tags that the library would turn into objects: big integers, rationals, cyclic references, expressions, addresses."""


_SELF_DESCRIBED_TAG = 55799
"""It says "this is CBOR", and nothing about the value (RFC 8949, 3.4.6)."""


def read_cbor(payload: bytes, *, text_keys: bool) -> Any:  # noqa: ANN401 - whatever CBOR may hold
    """Decode one data item, with no tags but 0, 1 and 4 (times, decimal fractions) and the meaningless 55799.

    Args:
        payload: the bytes.
        text_keys: whether the keys of a map must be texts; otherwise integers are allowed too (SenML).

    Raises:
        Rejected: with reason `undecodable`.
    """
    stream = BytesIO(payload)
    decoder = CBORDecoder(
        stream,
        tag_hook=_refuse_tag,
        semantic_decoders=_SEMANTIC_DECODERS,
        max_depth=DEPTH_MAX,
        allow_duplicate_keys=False,
        strict_hashable_types=text_keys,
    )
    try:
        value = decoder.decode()
    except (CBORDecodeError, ValueError, ArithmeticError) as error:
        cause = f": {error.__cause__}" if error.__cause__ else ""
        raise Rejected(RejectionReason.UNDECODABLE, f"not valid CBOR: {error}{cause}") from None
    if stream.tell() != len(payload):
        raise Rejected(
            RejectionReason.UNDECODABLE, f"{len(payload) - stream.tell()} bytes after the end of the CBOR data item"
        )
    return value


def _refuse_tag(tag: CBORTag, *_rest: object) -> NoReturn:
    raise ValueError(f"tag {tag} is not allowed in a reading")


def _refuse_known_tag(*_anything: object) -> NoReturn:
    raise ValueError("only tags 0 and 1 (times) and 4 (decimal fractions) are allowed in a reading")


def _content(value: object, _is_immutable: bool) -> object:
    return value


_SEMANTIC_DECODERS = dict.fromkeys(_UNWANTED_TAGS, _refuse_known_tag) | {_SELF_DESCRIBED_TAG: _content}
