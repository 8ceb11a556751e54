"""What the steps of decoding share: the start of a frame, and a damaged part."""

from rencheng.codecs.parts import UnreadablePart
from rencheng.domain.errors import RejectionReason

START = b"\x7e\x7e"


def damaged(detail: str) -> UnreadablePart:
    """Return a frame that is rejected by itself, because its bytes cannot be decoded."""
    return UnreadablePart(detail, RejectionReason.UNDECODABLE)
