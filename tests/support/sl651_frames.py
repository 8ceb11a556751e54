"""Frames of SL 651, as a station sends them."""

from datetime import datetime, timedelta, timezone

from rencheng.codecs.sl651.crc import crc16

_BEIJING = timezone(timedelta(hours=8))


def level_frame(sent_at: datetime, depth_mm: int, *, function: str = "33", station: str = "0012345678") -> bytes:
    """Return a report of one water level, observed in the minute in which it is sent."""
    local = sent_at.astimezone(_BEIJING)
    who = f"f1f1{station}48f0f0{local:%y%m%d%H%M}"
    body = bytes.fromhex(f"0001{local:%y%m%d%H%M%S}{who}3923{depth_mm:08d}")
    frame = bytes.fromhex(f"7e7e01{station}1234{function}") + len(body).to_bytes(2) + b"\x02" + body + b"\x03"
    return frame + crc16(frame).to_bytes(2)
