"""Rules about each resource. Ours have none; what a federation passes on may. Source: domain reference 2.3."""

import base64
import binascii
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rencheng.cap import parse
from rencheng.cap.rules.content import is_absolute

_MIME = re.compile(r"(application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+(\s*;.*)?", re.ASCII)
"""The top-level types that IANA has registered."""


def _resources(alert: Element) -> Iterator[tuple[str, Element]]:
    """Each resource of each info."""
    for where, info in parse.infos(alert):
        for resource in parse.children(info, "resource"):
            yield where, resource


def mime_type_is_registered(alert: Element) -> Iterator[str]:
    """Receivers choose by it how to show the resource."""
    for where, resource in _resources(alert):
        mime_type = parse.text(resource, "mimeType")
        if not _MIME.fullmatch(mime_type):
            yield f"{where}: mimeType {mime_type!r} is none: use one like image/jpeg"


def uri_leads_somewhere(alert: Element) -> Iterator[str]:
    """A relative address has a meaning only for content that is enclosed."""
    for where, resource in _resources(alert):
        uri = parse.text(resource, "uri")
        if uri and not is_absolute(uri) and not parse.text(resource, "derefUri"):
            yield f"{where}: uri {uri!r} is not absolute: begin with https://, or enclose the content as derefUri"


def enclosure_is_base64(alert: Element) -> Iterator[str]:
    """Anything else cannot be unpacked."""
    for where, resource in _resources(alert):
        packed = "".join(parse.text(resource, "derefUri").split())
        try:
            base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            yield f"{where}: derefUri is not base64: encode the content with it"
