"""Rules about each resource, for messages of other publishers; ours have none. Source: domain reference 2.3."""

import base64
import binascii
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rencheng.cap import xml
from rencheng.cap.rules.info import is_absolute

_MIME = re.compile(r"(application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+(\s*;.*)?", re.ASCII)
"""A media type with one of the top-level types that IANA has registered."""


def _resources(alert: Element) -> Iterator[tuple[str, Element]]:
    """Yield each resource of each info."""
    for where, info in xml.infos(alert):
        for resource in xml.children(info, "resource"):
            yield where, resource


def mime_type_is_known(alert: Element) -> Iterator[str]:
    """Require a media type, because receivers choose by it how to show the resource."""
    for where, resource in _resources(alert):
        mime_type = xml.text(resource, "mimeType")
        if not _MIME.fullmatch(mime_type):
            yield f"{where}: mimeType {mime_type!r} is not a media type: use one like image/jpeg"


def uri_is_absolute_or_enclosed(alert: Element) -> Iterator[str]:
    """Reject a relative address unless the content is enclosed."""
    for where, resource in _resources(alert):
        uri = xml.text(resource, "uri")
        if uri and not is_absolute(uri) and not xml.text(resource, "derefUri"):
            yield f"{where}: uri {uri!r} is not absolute: begin with https://, or enclose the content as derefUri"


def enclosure_is_base64(alert: Element) -> Iterator[str]:
    """Require base64, because receivers cannot decode anything else."""
    for where, resource in _resources(alert):
        packed = "".join(xml.text(resource, "derefUri").split())
        try:
            base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            yield f"{where}: derefUri is not base64: encode the content with it"
