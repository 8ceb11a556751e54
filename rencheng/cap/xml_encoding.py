"""Decode an XML document of any common encoding (XML 1.0, appendix F), also where its declaration is wrong."""

import codecs
import re

from rencheng.cap.xml import CHARS_MAX, UnreadableXml

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_BYTES = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_CHINESE = "gb18030"
"""A superset of GB2312 and GBK."""

_EIGHT_BIT = {
    "gb2312": _CHINESE,
    "gbk": _CHINESE,
    "gb18030": _CHINESE,
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
}
"""What Python calls a declared encoding, and the codec that reads it."""

_ALIASES = {"x-gbk": "gbk", "gb_2312-80": "gb2312", "x-gb2312": "gb2312", "gb": "gb18030"}
_DECLARATION = re.compile(r"\s*<\?xml[^>]*?\?>")
_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?\bencoding\s*=\s*["']\s*([\w.:-]+)\s*["']""")
BYTES_MAX = 4 * CHARS_MAX


def decode_xml(document: bytes) -> str:
    """Return a document as text, without its declaration.

    A byte order mark counts before the declaration. A document whose bytes are UTF-8, and could be nothing else, is
    UTF-8 whatever it declares. One that declares UTF-8 or nothing, and is not, is read as GB18030 if that is possible.

    Raises:
        UnreadableXml: the document is too long, or its bytes are not in the encoding that it declares.
    """
    if len(document) > BYTES_MAX:
        raise UnreadableXml(f"the document has more than {BYTES_MAX} bytes: refer to pictures, do not enclose them")
    for mark, encoding in _BOMS:
        if document.startswith(mark):
            return _without_declaration(_decode(document.removeprefix(mark), encoding))
    for first, encoding in _FIRST_BYTES:
        if document.startswith(first):
            return _without_declaration(_decode(document, encoding))
    declared = _declared(document)
    encoding = "utf-8" if _is(document, "utf-8") else _EIGHT_BIT.get(declared, _CHINESE)
    if not _is(document, encoding):
        raise UnreadableXml(
            f"the document declares {declared or 'no encoding'}, but its bytes are in another one:"
            " declare the encoding in which it is written, such as UTF-8 or GB18030"
        )
    return _without_declaration(_decode(document, encoding))


def _declared(document: bytes) -> str:
    """Return the declared encoding as Python names it; empty without one.

    Raises:
        UnreadableXml: nobody uses that encoding for Chinese or English.
    """
    found = _ENCODING.match(document[:1000])
    if not found:
        return ""
    written = found[1].decode("ascii", "replace").lower()
    try:
        name = codecs.lookup(_ALIASES.get(written, written)).name
    except LookupError:
        name = ""
    if name not in _EIGHT_BIT and not name.startswith(("utf-", "ascii")):
        raise UnreadableXml(f"the encoding {written!r} is not accepted: write UTF-8, UTF-16 or GB18030")
    return name


def _is(document: bytes, encoding: str) -> bool:
    try:
        document.decode(encoding)
    except UnicodeError:
        return False
    return True


def _decode(document: bytes, encoding: str) -> str:
    try:
        return document.decode(encoding)
    except UnicodeError as error:
        raise UnreadableXml(f"the document is not valid {encoding} ({error}): write it with an XML library") from None


def _without_declaration(text: str) -> str:
    """Return a text without a declaration, which is about bytes."""
    text = text.removeprefix("\ufeff")
    return text[found.end() :] if (found := _DECLARATION.match(text)) else text
