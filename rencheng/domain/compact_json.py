"""JSON without spaces, as messages carry it."""

import json


def compact_json(document: object) -> bytes:
    """Encode a document as UTF-8 JSON without spaces.

    Raises:
        TypeError: the document has a value without a JSON form.
    """
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
