"""The inputs of `tests/golden/field_cases`."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "golden/field_cases"


def field_case(name: str) -> bytes:
    """Return an input; a `.hex` file of CBOR holds its bytes as hexadecimal text, and SL 651 is sent as text."""
    content = (FOLDER / name).read_bytes()
    return bytes.fromhex(content.decode()) if name.startswith("cbor") else content
