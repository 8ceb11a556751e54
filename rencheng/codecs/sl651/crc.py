"""The check word of a frame: CRC-16 with x^16 + x^15 + x^2 + 1, least bit first, from FFFF (SL 651-2014, annex H.3)."""


def _row(index: int) -> int:
    for _bit in range(8):
        index = index >> 1 ^ (0xA001 if index & 1 else 0)
    return index


_TABLE = tuple(_row(index) for index in range(256))


def crc16(data: bytes) -> int:
    """Return the check word of these bytes. On the wire the high byte comes first."""
    word = 0xFFFF
    for byte in data:
        word = word >> 8 ^ _TABLE[(word ^ byte) & 0xFF]
    return word
