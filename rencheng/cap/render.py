"""CAP 1.2: the form that dispatch systems of other makers understand. `serialise` reads in the standard's order."""

from datetime import timedelta
from xml.etree import ElementTree as ET  # builds only; nothing from outside is parsed here

from rencheng.cap import area as areas
from rencheng.cap import mapping
from rencheng.domain.site import Site
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.engine.forecast.forecast import HORIZONS_S
from rencheng.text.formatting import UNPRINTABLE, number, plain, stamp
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import Sentences, in_chinese, in_english
from rencheng.text.validation import validate

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

VALID_FOR = timedelta(hours=12)
"""After this a message ends by itself, should its Cancel be lost. It is the longest window of the national rain
signals (blue, 12 hours; domain reference 1.1). A warning that stands longer must be renewed by an Update before."""

EVENT_CODE = ("OET:v1.2", "OET-140")
"""Overland flood, in the OASIS Event Terms List 1.2; the name of the list is written as its users write it."""

REGION_CODE = "GB/T 2260"
"""The national standard of district codes."""


def render(message: WarningMessage, site: Site, publisher: Publisher) -> str:
    """The message as a CAP 1.2 document; write it out as UTF-8.

    Raises:
        ValueError: the message contradicts itself or its site, or is an Update or Cancel without references.
    """
    validate(message, site)
    if message.message_type is not MessageType.ALERT and not message.references:
        raise ValueError(f"{message.identifier} is an {message.message_type} without references: nothing to update")
    alert = ET.Element("alert", {"xmlns": NAMESPACE})
    _add_envelope(alert, message, publisher)
    for sentences in (in_chinese(message, site, publisher), in_english(message, site, publisher)):
        _add_info(alert, message, site, publisher, sentences)
    ET.indent(alert)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="unicode") + "\n"


def references(message: WarningMessage, sender: str) -> str:
    """Every earlier message of the warning as `sender,identifier,sent`, parted by spaces."""
    return " ".join(f"{sender},{identifier},{stamp(sent)}" for identifier, sent in message.references)


def _add(parent: ET.Element, tag: str, text: str) -> None:
    """One element with a text, which ElementTree escapes."""
    if UNPRINTABLE.search(text):
        raise ValueError(f"{tag} {text!r} has a control character; no CAP element may")
    ET.SubElement(parent, tag).text = text


def _add_pair(parent: ET.Element, tag: str, name: str, value: str) -> None:
    """A named value: CAP's form of eventCode, parameter and geocode."""
    pair = ET.SubElement(parent, tag)
    _add(pair, "valueName", name)
    _add(pair, "value", value)


def _add_envelope(alert: ET.Element, message: WarningMessage, publisher: Publisher) -> None:
    """Who, when, how earnest, for whom, and after what."""
    _add(alert, "identifier", message.identifier)
    _add(alert, "sender", publisher.sender)
    _add(alert, "sent", stamp(message.issued_at))
    _add(alert, "status", mapping.status(message))
    _add(alert, "msgType", message.message_type)
    _add(alert, "scope", "Restricted")
    _add(alert, "restriction", publisher.restriction)
    if message.references:
        _add(alert, "references", references(message, publisher.sender))
    _add(alert, "incidents", message.warning_id)


def _add_info(
    alert: ET.Element, message: WarningMessage, site: Site, publisher: Publisher, sentences: Sentences
) -> None:
    """The warning in one language."""
    info = ET.SubElement(alert, "info")
    _add_judgement(info, message, site, sentences)
    _add(info, "effective", stamp(message.issued_at))
    _add(info, "expires", stamp(message.issued_at + VALID_FOR))
    _add(info, "senderName", sentences.sender_name)
    _add(info, "headline", sentences.headline)
    _add(info, "description", sentences.description)
    _add(info, "instruction", sentences.instruction)
    _add(info, "web", publisher.page(message.warning_id))
    _add(info, "contact", publisher.contact)
    for name, value in parameters(message, site).items():
        _add_pair(info, "parameter", name, value)
    _add_area(info, site, sentences.place)


def _add_judgement(info: ET.Element, message: WarningMessage, site: Site, sentences: Sentences) -> None:
    """What it is and how bad."""
    _add(info, "language", sentences.language)
    for category in mapping.categories(site.site_type):
        _add(info, "category", category)
    _add(info, "event", sentences.event)
    for response in mapping.responses(message):
        _add(info, "responseType", response)
    _add(info, "urgency", mapping.urgency(message))
    _add(info, "severity", mapping.severity(message))
    _add(info, "certainty", mapping.certainty(message))
    _add_pair(info, "eventCode", *EVENT_CODE)


def parameters(message: WarningMessage, site: Site) -> dict[str, str]:
    """What CAP has no element for, by name; what is unknown is left out, since no data is never 0."""
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
        **({"rencheng:armed_by": grounds.armed_by.value} if grounds.armed_by else {}),
        **({"rencheng:stirred": str(grounds.rapid_rises_nearby)} if grounds.rapid_rises_nearby is not None else {}),
        "rencheng:profile_version": str(grounds.profile_version),
        "rencheng:site_id": plain(site.site_id),
        "rencheng:site_type": site.site_type,
        "rencheng:warning_id": message.warning_id,
        "rencheng:sequence": str(message.sequence),
        "rencheng:world": plain(message.world),
    }


def _add_area(info: ET.Element, site: Site, place: str) -> None:
    """Whom it concerns: a ring for those who draw, a circle for those who measure, a code for those who sort.

    An area that somebody drew goes before ring and circle.
    """
    area = ET.SubElement(info, "area")
    centre = (site.latitude, site.longitude)
    around_m = areas.radius_m(site.radius_m)
    _add(area, "areaDesc", place)
    drawn = areas.outline(site.polygon)
    _add(area, "polygon", " ".join(_point(corner) for corner in drawn or areas.ring(centre, around_m)))
    if not drawn:  # with both, CAP means either
        _add(area, "circle", f"{_point(centre)} {around_m / 1000:.3f}")
    _add_pair(area, "geocode", REGION_CODE, site.region)


def _point(point: areas.Point) -> str:
    """Latitude first."""
    return f"{point[0]:.{areas.DECIMALS}f},{point[1]:.{areas.DECIMALS}f}"
