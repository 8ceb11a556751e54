"""Write a notice of doubt as CAP 1.2: a message of its own, which asks people on duty to look, and commands nothing.

It carries no event code and no colour of a warning, so that a receiver which acts on these takes no action. Source:
CAP 1.2, whose `Assess` is for those who evaluate a message and not for the public; the scope is Restricted.
"""

from datetime import timedelta
from xml.etree import ElementTree as ET  # writes only

from rencheng.cap import mapping
from rencheng.cap.references import write_references
from rencheng.cap.render import add, add_area, add_pair
from rencheng.cap.xml import CAP_NAMESPACE
from rencheng.domain.doubt import DoubtOutcome, DoubtReport
from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import MessageType, SiteNotice
from rencheng.text.doubts import doubt_sentences
from rencheng.text.formatting import number, plain, stamp
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import Sentences

VALID_FOR = timedelta(hours=12)
"""As of a warning, in case the Cancel is lost."""

_WAS_WATER = {DoubtOutcome.WARNED, DoubtOutcome.CONFIRMED}


def render_doubt(notice: SiteNotice, report: DoubtReport, site: Site, publisher: Publisher) -> str:
    """Return a notice of doubt as a CAP 1.2 document, to be encoded as UTF-8."""
    alert = ET.Element("alert", {"xmlns": CAP_NAMESPACE})
    add(alert, "identifier", report.identifier)
    add(alert, "sender", publisher.sender)
    add(alert, "sent", stamp(notice.issued_at))
    add(alert, "status", "Exercise" if notice.is_exercise else "Actual")
    add(alert, "msgType", message_type(report))
    add(alert, "scope", "Restricted")
    add(alert, "restriction", publisher.restriction)
    if report.references:
        add(alert, "references", write_references(publisher.sender, report.references))
    add(alert, "incidents", report.doubt_id)
    for sentences in doubt_sentences(notice, report, site, publisher):
        _add_info(alert, notice, report, site, publisher, sentences)
    ET.indent(alert)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="unicode") + "\n"


def message_type(report: DoubtReport) -> MessageType:
    """Return Alert for the first notice of a doubt, Update for a graver one, and Cancel for the last."""
    if report.outcome is not None:
        return MessageType.CANCEL
    return MessageType.UPDATE if report.references else MessageType.ALERT


def doubt_certainty(report: DoubtReport) -> str:
    """Return Possible while the doubt lasts; once it is settled, what turned out."""
    if report.outcome is None:
        return "Possible"
    return "Observed" if report.outcome in _WAS_WATER else "Unlikely"


def _add_info(
    alert: ET.Element,
    notice: SiteNotice,
    report: DoubtReport,
    site: Site,
    publisher: Publisher,
    sentences: Sentences,
) -> None:
    info = ET.SubElement(alert, "info")
    add(info, "language", sentences.language)
    for category in mapping.categories(site.site_type):
        add(info, "category", category)
    add(info, "event", sentences.event)
    for response in ("Assess", "Monitor") if report.outcome is None else ("None",):
        add(info, "responseType", response)
    add(info, "urgency", _urgency(notice, report))
    add(info, "severity", mapping.SEVERITY[notice.level])
    add(info, "certainty", doubt_certainty(report))
    add(info, "effective", stamp(notice.issued_at))
    add(info, "expires", stamp(notice.issued_at + VALID_FOR))
    add(info, "senderName", sentences.sender_name)
    add(info, "headline", sentences.headline)
    add(info, "description", sentences.description)
    add(info, "instruction", sentences.instruction)
    add(info, "web", publisher.web)
    add(info, "contact", publisher.contact)
    for name, value in _parameters(notice, report, site).items():
        add_pair(info, "parameter", name, value)
    add_area(info, site, sentences.place)


def _urgency(notice: SiteNotice, report: DoubtReport) -> str:
    """Return that somebody must look at once where the depth would be red, and soon elsewhere."""
    if report.outcome is not None:
        return "Past"
    return "Immediate" if notice.level is Level.RED else "Expected"


def _parameters(notice: SiteNotice, report: DoubtReport, site: Site) -> dict[str, str]:
    return {
        "rencheng:doubtful_level": notice.level.word,
        "rencheng:device_id": plain(report.device_id),
        "rencheng:gauge_depth_mm": number(report.gauge_depth_mm),
        "rencheng:depth_mm": number(report.depth_mm),
        "rencheng:threshold_mm": number(report.threshold_mm),
        **({"rencheng:outcome": report.outcome.value} if report.outcome else {}),
        **({"rencheng:settled_by": plain(report.settled_by)} if report.settled_by else {}),
        **({"rencheng:verify_by": plain(site.verify_by)} if site.verify_by else {}),
        "rencheng:site_id": plain(site.site_id),
        "rencheng:site_type": site.site_type,
        "rencheng:doubt_id": report.doubt_id,
        "rencheng:sequence": str(report.sequence),
        "rencheng:world": plain(notice.world),
    }
