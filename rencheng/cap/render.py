"""Write a warning as CAP 1.2, the form that other dispatch systems read. The functions follow the standard's order."""

from xml.etree import ElementTree as ET  # writes only

from rencheng.cap import geometry, mapping
from rencheng.cap.references import write_references
from rencheng.cap.xml import CAP_NAMESPACE
from rencheng.domain.site import Point, Site
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.engine.forecast.forecast import HORIZONS_S
from rencheng.text.formatting import UNPRINTABLE, number, plain, stamp
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import ComposedWarning, Sentences

EVENT_CODE = ("OET:v1.2", "OET-140")
"""Overland flood. Source: OASIS Event Terms List 1.2, with the name of the list as its users write it."""

REGION_CODE = "GB/T 2260"
"""The national standard of district codes."""


def render(warning: ComposedWarning) -> str:
    """Return a warning as a CAP 1.2 document, to be encoded as UTF-8.

    Raises:
        ValueError: the message is an Update or Cancel without references, or a text has a control character.
    """
    message = warning.message
    if message.message_type is not MessageType.ALERT and not message.references:
        raise ValueError(f"{message.identifier} is an {message.message_type} without references: nothing to update")
    alert = ET.Element("alert", {"xmlns": CAP_NAMESPACE})
    _add_envelope(alert, message, warning.publisher)
    for sentences in (warning.chinese, warning.english):
        _add_info(alert, warning, sentences)
    ET.indent(alert)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="unicode") + "\n"


def add(parent: ET.Element, tag: str, text: str) -> None:
    """Add an element with a text, which ElementTree escapes."""
    if UNPRINTABLE.search(text):
        raise ValueError(f"{tag} {text!r} has a control character; CAP allows none")
    ET.SubElement(parent, tag).text = text


def add_pair(parent: ET.Element, tag: str, name: str, value: str) -> None:
    """Add a named value, CAP's form of eventCode, parameter and geocode."""
    pair = ET.SubElement(parent, tag)
    add(pair, "valueName", name)
    add(pair, "value", value)


def _add_envelope(alert: ET.Element, message: WarningMessage, publisher: Publisher) -> None:
    """Add the elements that identify the message."""
    add(alert, "identifier", message.identifier)
    add(alert, "sender", publisher.sender)
    add(alert, "sent", stamp(message.issued_at))
    add(alert, "status", mapping.status(message))
    add(alert, "msgType", message.message_type)
    add(alert, "scope", "Restricted")
    add(alert, "restriction", publisher.restriction)
    if message.references:
        add(alert, "references", write_references(publisher.sender, message.references))
    add(alert, "incidents", message.warning_id)


def _add_info(alert: ET.Element, warning: ComposedWarning, sentences: Sentences) -> None:
    """Add the warning in one language."""
    message, site, publisher = warning.message, warning.site, warning.publisher
    info = ET.SubElement(alert, "info")
    _add_classification(info, message, site, sentences)
    add(info, "effective", stamp(message.issued_at))
    add(info, "expires", stamp(mapping.expires_at(message)))
    add(info, "senderName", sentences.sender_name)
    add(info, "headline", sentences.headline)
    add(info, "description", sentences.description)
    add(info, "instruction", sentences.instruction)
    add(info, "web", publisher.page(message.warning_id))
    add(info, "contact", publisher.contact)
    for name, value in parameters(message, site).items():
        add_pair(info, "parameter", name, value)
    add_area(info, site, sentences.place)


def _add_classification(info: ET.Element, message: WarningMessage, site: Site, sentences: Sentences) -> None:
    """Add the kind of event and its severity."""
    add(info, "language", sentences.language)
    for category in mapping.categories(site.site_type):
        add(info, "category", category)
    add(info, "event", sentences.event)
    for response in mapping.responses(message):
        add(info, "responseType", response)
    add(info, "urgency", mapping.urgency(message))
    add(info, "severity", mapping.severity(message))
    add(info, "certainty", mapping.certainty(message))
    add_pair(info, "eventCode", *EVENT_CODE)


def parameters(message: WarningMessage, site: Site) -> dict[str, str]:
    """Return values that CAP has no element for. An unknown value is left out, because no data is never 0."""
    grounds = message.grounds
    measured = {
        "depth_mm": grounds.depth_mm,
        "rise_mm_per_min": grounds.rise_mm_per_min,
        "eta_s": grounds.eta_s,
        "threshold_mm": grounds.threshold_mm,
        "rain_quarter_mm": grounds.rain_quarter_mm,
        "rain_hour_mm": grounds.rain_hour_mm,
    }
    within = {
        f"probability_within_{horizon_s:.0f}_s": probability
        for horizon_s, probability in zip(HORIZONS_S, grounds.within, strict=False)
    }
    return {
        "cn:warningColor": message.level.word.capitalize(),
        "rencheng:rule": plain(grounds.rule),
        "rencheng:device_id": plain(grounds.device_id),
        **{f"rencheng:{name}": number(value) for name, value in measured.items() if value is not None},
        **({"rencheng:probability": f"{grounds.probability:.2f}"} if grounds.probability is not None else {}),
        **{f"rencheng:{name}": f"{probability:.2f}" for name, probability in within.items()},
        **({"rencheng:judged_by": plain(grounds.judged_by)} if grounds.judged_by else {}),
        **({"rencheng:confirmed_by": plain(grounds.confirmed_by)} if grounds.confirmed_by else {}),
        **({"rencheng:reading_age_s": number(grounds.age_s)} if grounds.age_s is not None else {}),
        **({"rencheng:unconfirmed": "true"} if grounds.is_unconfirmed else {}),
        **({"rencheng:armed_by": grounds.armed_by.value} if grounds.armed_by else {}),
        **(
            {"rencheng:rapid_rises_nearby": str(grounds.rapid_rises_nearby)}
            if grounds.rapid_rises_nearby is not None
            else {}
        ),
        "rencheng:profile_version": str(grounds.profile_version),
        "rencheng:site_id": plain(site.site_id),
        "rencheng:site_type": site.site_type,
        "rencheng:warning_id": message.warning_id,
        "rencheng:sequence": str(message.sequence),
        "rencheng:world": plain(message.world),
    }


def add_area(info: ET.Element, site: Site, place: str) -> None:
    """Add the area: a ring, a circle and a district code, for receivers differ in which of them they use.

    A drawn area replaces ring and circle, because CAP means either if both are given.
    """
    area = ET.SubElement(info, "area")
    centre = (site.latitude, site.longitude)
    radius_m = geometry.stated_radius_m(site.radius_m)
    add(area, "areaDesc", place)
    drawn = geometry.closed_outline(site.polygon)
    add(area, "polygon", " ".join(_point(corner) for corner in drawn or geometry.ring(centre, radius_m)))
    if not drawn:
        add(area, "circle", f"{_point(centre)} {radius_m / 1000:.3f}")
    add_pair(area, "geocode", REGION_CODE, site.region)


def _point(point: Point) -> str:
    """Return a point in CAP's form, latitude first."""
    return f"{point[0]:.{geometry.DECIMALS}f},{point[1]:.{geometry.DECIMALS}f}"
