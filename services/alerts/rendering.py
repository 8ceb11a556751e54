"""Render: from an evaluation to the JSON and CAP forms of its warning."""

from dataclasses import replace

from rencheng.cap.render import render
from rencheng.domain.outgoing import RenderedWarning
from rencheng.domain.topic import warning_topic
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import Evaluation
from rencheng.messages.warning_json import warning_document
from rencheng.runtime.logs import get_logger
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import compose
from services.alerts.evaluation import trace_of
from services.alerts.settings import AlertSettings
from services.alerts.source.nearby import NearbyFeed

log = get_logger("alerts")


class Renderer:
    """Renders warnings, with the evidence of nearby devices.

    Args:
        evaluator: knows the sites.
        nearby: knows the evidence.
        publisher: who issues the warnings.
    """

    def __init__(self, evaluator: Evaluator, nearby: NearbyFeed, publisher: Publisher) -> None:
        self._evaluator = evaluator
        self._nearby = nearby
        self._publisher = publisher

    def render(self, evaluation: Evaluation) -> RenderedWarning | None:
        """Return an evaluation's warning in its published forms; None if it carries none.

        Raises:
            ValueError: the message contradicts itself or its site.
        """
        message = evaluation.message
        if message is None:
            return None
        site = self._evaluator.sites[message.site_id]
        message = replace(message, evidence=self._nearby.evidence(site, message.issued_at))
        composed = compose(message, site, self._publisher)
        warning = RenderedWarning(
            message,
            warning_document(composed),
            render(composed),
            warning_topic(site.region, site.site_id, site.world),
            trace_id=trace_of(evaluation),
        )
        log.info("warning rendered", site=site.site_id, identifier=message.identifier, trace_id=warning.trace_id)
        return warning


def publisher_of(settings: AlertSettings) -> Publisher:
    """Return who issues the warnings."""
    return Publisher(
        sender=settings.cap_sender,
        sender_name_zh=settings.cap_sender_name_zh,
        sender_name_en=settings.cap_sender_name_en,
        web=settings.public_url,
        contact=settings.cap_contact,
        restriction=settings.cap_restriction,
    )
